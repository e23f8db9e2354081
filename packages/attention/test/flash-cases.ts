import type { FlashCase } from './flash-problem.js'

// At and around the edges of what kernels deal out: rows of 32, 48 and 64, keys of 32 and 96, channels by 4, 8, 32, 64 and 128.

const rows = (B: number, T: number, S: number, starts: readonly number[] = []) =>
  Array.from({ length: B }, (_, b) => ({
    queries: T,
    keys: S,
    ...(starts[b] === undefined ? {} : { start: starts[b] }),
  }))

export const FLASH_CASES: readonly FlashCase[] = [
  ...[1, 3, 8, 33, 64, 80, 130].map(
    (D): FlashCase => ({ of: 'head dimensions', layout: 'dense', sequences: rows(1, 35, 35), D }),
  ),
  ...[47, 48, 49, 97].map(
    (T): FlashCase => ({ of: 'edges of blocks', layout: 'dense', sequences: rows(2, T, T), KV: 3, D: 16 }),
  ),
  { of: 'groups', layout: 'dense', sequences: rows(2, 33, 33), KV: 2, G: 3, D: 7 },
  { of: 'many heads', layout: 'dense', sequences: rows(3, 100, 100), KV: 4, G: 2, D: 8 },
  { of: 'wider values', layout: 'dense', sequences: rows(2, 20, 50), KV: 2, D: 12, Dv: 20 },
  { of: 'narrower values', layout: 'dense', sequences: rows(2, 60, 60), KV: 2, G: 2, D: 24, Dv: 9 },
  { of: 'keys behind the last query', layout: 'dense', sequences: rows(4, 50, 110, [0, 57, 3, 60]), KV: 2, D: 7 },
  { of: 'rows that see nothing', layout: 'dense', sequences: rows(4, 50, 50, [-30, -100, -1, 0]), KV: 2, D: 64 },
  { of: 'documents of 31', layout: 'dense', sequences: rows(1, 130, 130), KV: 2, G: 2, D: 7, documents: 31 },
  { of: 'a window of 9', layout: 'dense', sequences: rows(2, 120, 120), KV: 2, D: 8, window: 9 },
  { of: 'a window and sinks', layout: 'dense', sequences: rows(2, 230, 230), KV: 2, G: 2, D: 8, window: 20, sinks: 5 },
  { of: 'more sinks than a block', layout: 'dense', sequences: rows(1, 300, 300), D: 8, window: 3, sinks: 101 },
  { of: 'all keys', layout: 'dense', sequences: rows(2, 70, 55), KV: 2, G: 2, D: 12, causal: false },
  {
    of: 'ranges in no order',
    layout: 'dense',
    sequences: rows(1, 110, 110),
    KV: 2,
    D: 5,
    range: (t) => [(t * 31) % 50, (t * 53) % 130],
  },
  { of: 'a cap', layout: 'dense', sequences: rows(2, 60, 60), KV: 2, G: 2, D: 16, softcap: 0.7 },
  { of: 'a cap over documents', layout: 'dense', sequences: rows(1, 130, 130), D: 16, softcap: 2, documents: 50 },
  { of: 'a bias for each head', layout: 'dense', sequences: rows(2, 60, 60), KV: 2, G: 2, D: 16, bias: 'H' },
  { of: 'a bias for all, capped', layout: 'dense', sequences: rows(2, 51, 60), G: 2, D: 9, bias: '1', softcap: 1 },
  { of: 'a bias that hides', layout: 'dense', sequences: rows(2, 60, 60), KV: 2, G: 2, D: 8, bias: 'H', hidden: true },
  {
    of: 'a query, a bias that hides',
    layout: 'dense',
    sequences: rows(4, 1, 100),
    G: 2,
    D: 8,
    bias: '1',
    hidden: true,
  },
  { of: 'no queries', layout: 'ragged', sequences: [5, 3].map((keys) => ({ queries: 0, keys })), D: 8 },
  {
    of: 'sequences of all lengths',
    layout: 'ragged',
    sequences: [1, 0, 50, 97, 3].map((n) => ({ queries: n, keys: n })),
    KV: 2,
    G: 2,
    D: 8,
  },
  {
    of: 'spare queries and places',
    layout: 'ragged',
    sequences: [40, 9].map((n) => ({ queries: n, keys: n })),
    D: 12,
    spare: 21,
    window: 30,
  },
  { of: 'one sequence of nothing', layout: 'ragged', sequences: [{ queries: 0, keys: 0 }], D: 8, spare: 3 },
  {
    of: 'blocks of 16',
    layout: 'paged',
    sequences: [
      { queries: 5, keys: 70 },
      { queries: 33, keys: 33 },
      { queries: 1, keys: 120 },
    ],
    KV: 2,
    G: 2,
    D: 8,
  },
  {
    of: 'blocks of 7, a window and sinks',
    layout: 'paged',
    blockSize: 7,
    sequences: rows(2, 40, 90),
    D: 9,
    window: 25,
    sinks: 3,
  },
  { of: 'blocks of 1', layout: 'paged', blockSize: 1, sequences: rows(2, 3, 20), D: 8 },
  { of: 'a query', layout: 'dense', sequences: rows(4, 1, 150, [149, 63, 64, -1]), KV: 2, G: 3, D: 64 },
  { of: 'a query', layout: 'dense', sequences: rows(2, 1, 70, [69, 31]), G: 2, D: 80 },
  { of: 'a query, odd channels', layout: 'dense', sequences: rows(1, 1, 70), G: 2, D: 131 },
  { of: 'few queries', layout: 'dense', sequences: rows(2, 2, 200, [-1, 198]), KV: 2, G: 3, D: 8, documents: 70 },
  { of: 'few queries', layout: 'dense', sequences: rows(1, 8, 8), D: 4 },
  {
    of: 'a query each, blocks of 16',
    layout: 'paged',
    sequences: [300, 1, 16, 17, 0, 95].map((keys) => ({ queries: keys === 0 ? 0 : 1, keys })),
    KV: 2,
    G: 2,
    D: 8,
  },
  { of: 'a query each, blocks of 5', layout: 'paged', blockSize: 5, sequences: rows(3, 1, 44), KV: 2, D: 12, Dv: 4 },
  {
    of: 'a query, window and sinks',
    layout: 'paged',
    sequences: rows(2, 1, 300),
    KV: 2,
    G: 2,
    D: 8,
    window: 50,
    sinks: 4,
  },
  { of: 'a query, capped', layout: 'paged', sequences: rows(2, 1, 100), KV: 2, G: 2, D: 8, softcap: 0.5 },
  { of: 'a query, a bias', layout: 'dense', sequences: rows(2, 1, 100), KV: 2, G: 2, D: 8, bias: 'H' },
  { of: 'latent values', layout: 'dense', sequences: rows(2, 1, 90), G: 16, D: 36, Dv: 32, latent: true },
  { of: 'latent values, many queries', layout: 'paged', sequences: rows(1, 40, 90), G: 3, D: 36, Dv: 32, latent: true },
  { of: 'int8 keys', layout: 'paged', sequences: rows(3, 1, 130), KV: 2, G: 2, D: 16, int8: true },
  {
    of: 'int8 keys, many queries',
    layout: 'paged',
    sequences: rows(2, 60, 130),
    KV: 2,
    G: 2,
    D: 20,
    int8: true,
    window: 90,
  },
  { of: 'int8 keys, odd channels', layout: 'dense', sequences: rows(2, 2, 35), KV: 1, G: 2, D: 9, Dv: 5, int8: true },
]

/** One of every kind, for where compiling shaders takes long. */
export const PAGE_CASES: readonly FlashCase[] = FLASH_CASES.filter(
  ({ of, D }) =>
    [
      'wider values',
      'a window and sinks',
      'all keys',
      'a cap',
      'a bias for each head',
      'sequences of all lengths',
      'few queries',
      'a query each, blocks of 16',
      'int8 keys',
    ].includes(of) ||
    (of === 'head dimensions' && [3, 80].includes(D)) ||
    (of === 'a query' && D === 64),
)
