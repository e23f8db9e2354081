import type { Case } from './attention-problem.js'

// For the kernels in WGSL: at and around the edges of their tiles (32 or 64 rows, 32 columns, slices of 16 channels, 32, 64 or
// 128 channels of a result) and chunks, against sums in double precision.

export const ATTENTION_CASES: readonly Case[] = [
  ...[1, 3, 7, 33, 64, 80, 128, 130].map((D) => ({ of: 'head dimensions', T: 35, D })),
  // With so many kv heads and more than 32 rows tiles have 64.
  ...[33, 63, 64, 65, 97].map((T) => ({ of: 'edges of large tiles', B: 4, T, KV: 16, D: 16 })),
  { of: 'large tiles of many channels', B: 4, T: 40, KV: 8, D: 130 },
  ...[2, 3].map((G) => ({ of: 'groups', B: 2, T: 33, KV: 2, G, D: 7 })),
  { of: 'keys behind the last query', B: 4, T: 50, S: 110, KV: 2, D: 7, starts: [0, 57, 3, 60] },
  { of: 'rows that see nothing', B: 4, T: 50, KV: 2, D: 64, starts: [-30, -100, -1, 0] },
  { of: 'documents of 31', T: 130, KV: 2, G: 2, D: 7, firsts: 31 },
  { of: 'queries that begin behind themselves', T: 40, D: 3, firsts: (t) => (t % 7 === 0 ? t + 1 : t - 9) },
  { of: 'windows that open backwards', T: 110, D: 3, firsts: (t) => Math.max(0, 60 - t) },
  { of: 'a query', B: 4, T: 1, S: 150, KV: 2, G: 3, D: 64, starts: [149, 63, 64, -1] },
  { of: 'a query', B: 2, T: 1, S: 70, G: 2, D: 80, starts: [69, 31] },
  { of: 'a query', T: 1, S: 70, G: 2, D: 130, starts: [69] },
  { of: 'few queries', B: 2, T: 2, S: 200, KV: 2, G: 3, D: 7, starts: [-1, 198], firsts: 70 },
  { of: 'few queries', T: 8, D: 7 },
  { of: 'several blocks of few queries', B: 2, T: 5, S: 90, KV: 2, G: 3, D: 7, starts: [3, 85] },
  { of: 'chunks of several steps', T: 32, S: 2048, KV: 16, D: 7, starts: [2016], firsts: (t) => t - 2000 },
]
