import { iota, maximum, minimum, type Tensor, where } from '@almanac/tensor-core'
import type { FlashAttributes } from './flash-attention.js'

/*
 * Flash attention's meaning in primitives: scores of every query with every place, of which a query sees those that hold a
 * key of its sequence inside its range. [KV, G, N, M] floats, where the kernels hold none of it.
 */

/** q [N, H, D] -> [KV, G, N, D]: query head h reads kv head h / G. A view. */
export function grouped(q: Tensor, kvHeads: number): Tensor {
  const [N, H, D] = q.shape as [number, number, number]
  return q.reshape([N, kvHeads, H / kvHeads, D]).permute([1, 2, 0, 3])
}

/** [KV, G, N, D] -> [N, H, D]. */
export function ungrouped(x: Tensor): Tensor {
  const [KV, G, N, D] = x.shape as [number, number, number, number]
  return x.permute([2, 0, 1, 3]).reshape([N, KV * G, D])
}

/** k [M, KV, D] -> [KV, 1, M, D]: one copy for all heads of a group. A view. */
export const byHead = (k: Tensor): Tensor => k.permute([1, 0, 2]).unsqueeze(1)

/** [N, H] -> [KV, G, N, 1]. */
export const statistic = (x: Tensor, kvHeads: number): Tensor => grouped(x.unsqueeze(2), kvHeads)

/** The number that the key at each place has for each query, -1 for none, and whether the query sees it: [N, M] each. */
export function seenPlaces(
  sequences: Tensor,
  ranges: Tensor,
  places: number,
  { blockSize, sinks }: Pick<FlashAttributes, 'blockSize' | 'sinks'>,
): { readonly key: Tensor; readonly seen: Tensor } {
  const [S, width] = sequences.shape as [number, number]
  const [N, P] = [ranges.shape[0] as number, width - 3]
  const column = (i: number) => sequences.slice([null, [i, i + 1]]) // [S, 1]
  const query = iota([N]).reshape([1, N])
  const own = query
    .ge(column(0))
    .bitAnd(query.lt(column(1)))
    .cast('int32') // [S, N]
  const sequence = own.mul(iota([S]).reshape([S, 1])).sum(0) // [N]
  const first = sequences.slice([null, [3, width]]).reshape([S, P, 1])
  const within = iota([places]).reshape([1, 1, places]).sub(first) // [S, P, M]
  const number = within.add(iota([P]).mul(blockSize).reshape([1, P, 1]))
  const inside = first
    .ge(0)
    .bitAnd(within.ge(0))
    .bitAnd(within.lt(blockSize))
    .bitAnd(number.lt(column(2).reshape([S, 1, 1])))
  const key = where(inside, number, -1).amax(1).take(sequence, 0) // [N, M]
  const range = (i: number) => ranges.slice([null, [i, i + 1]]) // [N, 1]
  const near = key.ge(range(0)).bitOr(key.lt(sinks))
  const seen = near
    .bitAnd(key.ge(0))
    .bitAnd(key.lt(range(1)))
    .bitAnd(own.sum(0).gt(0).reshape([N, 1]))
  return { key, seen }
}

/** Scores as the softmax takes them, [KV, G, N, M], and where they are seen, [1, 1, N, M]. */
export function scoresOf(
  { q, k, sequences, ranges, bias }: Record<'q' | 'k' | 'sequences' | 'ranges', Tensor> & { readonly bias?: Tensor },
  attributes: FlashAttributes,
) {
  const [M, KV] = k.shape as [number, number, number]
  const N = q.shape[0] as number
  const { scale, softcap } = attributes
  const { key, seen } = seenPlaces(sequences, ranges, M, attributes)
  let scores = grouped(q, KV).matmul(byHead(k), { transposeB: true }).mul(scale) // [KV, G, N, M]
  if (softcap > 0) scores = scores.div(softcap).tanh().mul(softcap)
  if (bias) {
    const [, heads, length] = bias.shape as [number, number, number]
    const at = minimum(maximum(key, 0), length - 1) // [N, M]
    const own = bias.takeAlongAxis(at.unsqueeze(1).expand([N, heads, M]), 2) // [N, 1 or H, M]
    scores = scores.add(
      heads === 1 ? own.permute([1, 0, 2]).unsqueeze(0) : own.reshape([N, KV, heads / KV, M]).permute([1, 2, 0, 3]),
    )
  }
  return { scores, seen: seen.reshape([1, 1, N, M]) }
}
