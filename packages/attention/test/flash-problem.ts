import { type Device, realize, setDefaultDevice, type Tensor, tensor, vjp } from '@almanac/tensor-core'
import { seededRandom } from '@almanac/test-kit'
import { type AttentionExtents, flashAttention } from '../src/index.js'

/** A sequence of a problem: so many queries, the last of so many keys unless `start` says where the first one stands. */
export interface Sequence {
  readonly queries: number
  readonly keys: number
  readonly start?: number
}

export interface FlashCase {
  readonly of: string
  readonly sequences: readonly Sequence[]
  readonly layout: AttentionExtents['layout']
  /** Keys of a block of layout `paged`. */
  readonly blockSize?: number
  readonly KV?: number
  readonly G?: number
  readonly D: number
  readonly Dv?: number
  /** Queries see the keys from their own position back; otherwise all. Default true. */
  readonly causal?: boolean
  readonly window?: number
  /** Length of the documents that a sequence is made of. */
  readonly documents?: number
  /** Whatever else: first and end of query t of a sequence. */
  readonly range?: (t: number) => readonly [first: number, end: number]
  readonly sinks?: number
  readonly softcap?: number
  /** Heads of a bias: all, or one for all. */
  readonly bias?: 'H' | '1'
  /** The bias is -infinity at two of three keys, and at all keys of every fourth query. */
  readonly hidden?: boolean
  /** No gradients are asked for. */
  readonly forward?: boolean
  /** Keys and values of int8 with scales; no gradients. */
  readonly int8?: boolean
  /** Values are the first Dv channels of the keys. */
  readonly latent?: boolean
  /** Queries and places at the end that are of no sequence. */
  readonly spare?: number
}

/** Of the results, in order. Without gradients only the first two. */
export const FLASH_NAMES = ['y', 'lse', 'dq', 'dk', 'dv'] as const

export function flashProblem(c: FlashCase) {
  const { sequences, layout, KV = 1, G = 1, D, Dv = D, causal = true, window, documents, sinks = 0, spare = 0 } = c
  const random = seededRandom(7 * D + sequences.reduce((sum, { queries, keys }) => sum + queries + keys, 0))
  const S = sequences.length
  const owned = sequences.reduce((sum, { queries }) => sum + queries, 0)
  const N = owned + spare
  const longest = Math.max(0, ...sequences.map(({ keys }) => keys))
  const blockSize = layout === 'paged' ? (c.blockSize ?? 16) : layout === 'dense' ? longest : 0
  const P = layout === 'paged' ? Math.max(1, Math.ceil(longest / blockSize)) : 1
  // Blocks are dealt out from the last place on, sequence by sequence in turns.
  const counts = sequences.map(({ keys }) => (layout === 'paged' ? Math.ceil(keys / blockSize) : 1))
  const blocks = counts.reduce((a, b) => a + b, 0)
  const keysInAll = sequences.reduce((sum, { keys }) => sum + keys, 0)
  const M = (layout === 'paged' ? blocks * blockSize : layout === 'dense' ? S * longest : keysInAll) + spare
  const table = new Int32Array(S * (3 + P)).fill(-1)
  let next = blocks
  for (let p = 0; p < P; p++) {
    for (let s = 0; s < S; s++) {
      if (layout === 'paged' && p < (counts[s] as number)) table[s * (3 + P) + 3 + p] = --next * blockSize
    }
  }
  let [query, key] = [0, 0]
  const ranges = new Int32Array(2 * N)
  sequences.forEach(({ queries, keys, start = keys - queries }, s) => {
    table.set([query, query + queries, keys], s * (3 + P))
    if (layout !== 'paged') table[s * (3 + P) + 3] = layout === 'dense' ? s * longest : key
    for (let t = 0; t < queries; t++) {
      const position = start + t
      const document = documents ? position - (((position % documents) + documents) % documents) : 0
      const first = Math.max(document, window === undefined ? 0 : position - window + 1)
      ranges.set(c.range?.(t) ?? [first, causal ? position + 1 : keys], 2 * (query + t))
    }
    query += queries
    key += keys
  })
  const H = KV * G
  const L = P * (layout === 'ragged' ? Math.max(M, 1) : Math.max(blockSize, 1))
  const normals = (n: number) => Float32Array.from(random.normals(n))
  const eighths = (n: number) =>
    Int8Array.from(random.normals(n), (x) => Math.max(-127, Math.min(127, Math.round(40 * x))))
  const biasOf = (heads: number) => {
    const values = normals(N * heads * L)
    const isHidden = (i: number) => (i % L) % 3 !== 0 || Math.floor(i / L / heads) % 4 === 0
    return { heads, values: c.hidden ? values.map((x, i) => (isHidden(i) ? Number.NEGATIVE_INFINITY : x)) : values }
  }
  const [keyShape, valueShape] = [M * KV * D, M * KV * Dv]
  const k = c.int8 ? eighths(keyShape) : normals(keyShape)
  return {
    ...{ N, M, S, P, KV, G, H, D, Dv, L, sinks, table, ranges, layout },
    blockSize: layout === 'ragged' ? Math.max(M, 1) : Math.max(blockSize, 1),
    softcap: c.softcap ?? 0,
    latent: c.latent ?? false,
    forward: c.forward ?? c.int8 ?? false,
    q: normals(N * H * D),
    k,
    v: c.latent ? k : c.int8 ? eighths(valueShape) : normals(valueShape),
    dy: normals(N * H * Dv),
    bias: c.bias ? biasOf(c.bias === 'H' ? H : 1) : null,
    scales: c.int8 ? Float32Array.from(random.normals(M * KV * 2), (x) => 0.02 + 0.01 * Math.abs(x)) : null,
  }
}
export type FlashProblem = ReturnType<typeof flashProblem>

/** In double precision, query by query. */
export function flashReference(p: FlashProblem): Float64Array[] {
  const {
    N,
    M,
    S,
    P,
    KV,
    G,
    H,
    D,
    Dv,
    L,
    sinks,
    softcap,
    table,
    ranges,
    blockSize,
    q,
    k,
    v,
    dy,
    bias,
    scales,
    latent,
  } = p
  const vWidth = latent ? D : Dv
  const [y, lse] = [new Float64Array(N * H * Dv), new Float64Array(N * H).fill(Number.NEGATIVE_INFINITY)]
  const [dq, dk, dv] = [new Float64Array(N * H * D), new Float64Array(M * KV * D), new Float64Array(M * KV * vWidth)]
  const scale = D ** -0.5
  const at = (x: ArrayLike<number>, i: number): number => x[i] as number
  const scaleOf = (place: number, kvHead: number, i: number) => (scales ? at(scales, 2 * (place * KV + kvHead) + i) : 1)
  for (let s = 0; s < S; s++) {
    const row = s * (3 + P)
    for (let n = at(table, row); n < at(table, row + 1); n++) {
      const end = Math.min(at(ranges, 2 * n + 1), at(table, row + 2))
      const seen: { j: number; place: number }[] = []
      for (let j = 0; j < end; j++) {
        if (j < at(ranges, 2 * n) && j >= sinks) continue
        seen.push({ j, place: at(table, row + 3 + Math.floor(j / blockSize)) + (j % blockSize) })
      }
      if (seen.length === 0) continue
      for (let h = 0; h < H; h++) {
        const kvHead = Math.floor(h / G)
        const qAt = (n * H + h) * D
        const yAt = (n * H + h) * Dv
        const cells = seen
          .map(({ j, place }) => {
            const [kAt, vAt] = [(place * KV + kvHead) * D, (place * KV + kvHead) * vWidth]
            const [kScale, vScale] = [scaleOf(place, kvHead, 0), scaleOf(place, kvHead, 1)]
            let dot = 0
            for (let d = 0; d < D; d++) dot += at(q, qAt + d) * at(k, kAt + d) * kScale
            let score = dot * scale
            let slope = 1
            if (softcap > 0) {
              const t = Math.tanh(score / softcap)
              score = softcap * t
              slope = 1 - t * t
            }
            if (bias) score += at(bias.values, (n * bias.heads + (bias.heads === 1 ? 0 : h)) * L + j)
            return { kAt, vAt, vScale, score, slope, weight: 0 }
          })
          .filter(({ score }) => score > Number.NEGATIVE_INFINITY)
        if (cells.length === 0) continue
        const largest = Math.max(...cells.map(({ score }) => score))
        const total = cells.reduce((sum, { score }) => sum + Math.exp(score - largest), 0)
        lse[n * H + h] = largest + Math.log(total)
        let delta = 0
        for (const cell of cells) {
          cell.weight = Math.exp(cell.score - largest) / total
          for (let c = 0; c < Dv; c++) {
            const value = at(v, cell.vAt + c) * cell.vScale
            y[yAt + c] = at(y, yAt + c) + cell.weight * value
            delta += at(dy, yAt + c) * cell.weight * value
          }
        }
        for (const { kAt, vAt, vScale, slope, weight } of cells) {
          let change = -delta
          for (let c = 0; c < Dv; c++) {
            change += at(dy, yAt + c) * at(v, vAt + c) * vScale
            dv[vAt + c] = at(dv, vAt + c) + weight * at(dy, yAt + c)
          }
          const dScore = change * weight * slope * scale
          for (let d = 0; d < D; d++) {
            dq[qAt + d] = at(dq, qAt + d) + dScore * at(k, kAt + d)
            dk[kAt + d] = at(dk, kAt + d) + dScore * at(q, qAt + d)
          }
        }
      }
    }
  }
  if (latent) for (let i = 0; i < dk.length; i++) dk[i] = at(dk, i) + at(dv, i)
  return p.forward ? [y, lse] : latent ? [y, lse, dq, dk] : [y, lse, dq, dk, dv]
}

/** What `flashAttention` and its gradients give on a device, with keys and values stored in a dtype. */
export async function flashResults(device: Device, p: FlashProblem, dtype?: 'float16' | 'bfloat16') {
  const before = setDefaultDevice(device)
  try {
    const { N, M, S, P, KV, H, D, Dv, L, layout, blockSize, sinks, softcap, bias, scales, latent } = p
    const q = tensor(p.q, { shape: [N, H, D] })
    const stored = (x: Tensor) => (dtype ? x.cast(dtype) : x)
    const k = stored(tensor(p.k, { shape: [M, KV, D] }))
    const v = latent ? k : stored(tensor(p.v, { shape: [M, KV, Dv] }))
    const extents: AttentionExtents = {
      sequences: tensor(p.table, { shape: [S, 3 + P] }),
      ranges: tensor(p.ranges, { shape: [N, 2] }),
      blockSize,
      layout,
    }
    const { y, lse } = flashAttention(q, k, v, extents, {
      sinks,
      softcap,
      valueChannels: Dv,
      ...(bias ? { bias: tensor(bias.values, { shape: [N, bias.heads, L] }) } : {}),
      ...(scales ? { scales: tensor(scales, { shape: [M, KV, 2] }) } : {}),
    })
    const outputs = [y, lse]
    if (!p.forward)
      outputs.push(...(vjp(y, tensor(p.dy, { shape: [N, H, Dv] }), latent ? [q, k] : [q, k, v]) as Tensor[]))
    await realize(...outputs)
    return await Promise.all(outputs.map((t) => t.data()))
  } finally {
    setDefaultDevice(before)
  }
}
