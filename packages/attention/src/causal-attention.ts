import {
  ArgumentError,
  asTensor,
  DTypeError,
  defineFused,
  dtypeName,
  formatShape,
  iota,
  isFloat,
  ShapeError,
  sub,
  type Tensor,
  type TensorLike,
  type TensorSpec,
  type VjpContext,
  where,
} from '@almanac/tensor-core'
import { attentionExtents } from './kernels/attention-launch.js'

interface Attributes {
  readonly scale: number
}

export interface CausalAttentionOptions {
  /** Position of each row's first query among the keys, int32 [B] or a number. Default: 0. */
  readonly starts?: TensorLike
  /**
   * First key that each query sees, int32 [B, T]: the start of its document, where several are packed in a row (Dubey et al.
   * 2024, arXiv 2407.21783, section 3.2). Keys that no query of a block sees cost nothing. Default: 0.
   */
  readonly firsts?: TensorLike
  /** Factor of the scores. Default: D^-0.5. */
  readonly scale?: number
}

/** y [B, T, H, D] and lse [B, T, H], the logarithm of the sum of e^score over the keys that a query sees. */
export interface AttentionResult {
  readonly y: Tensor
  readonly lse: Tensor
}

const allFloat32 = (inputs: readonly TensorSpec[]): boolean =>
  inputs.every(({ dtype }, i) => dtype === (i >= inputs.length - 2 ? 'int32' : 'float32'))

/** Scores [B, KV, G, T, S], and where a query sees a key [B, 1, 1, T, S]. */
function scoresOf(q: Tensor, k: Tensor, starts: Tensor, firsts: Tensor, scale: number) {
  const { batch, time, keys } = attentionExtents(q.shape, k.shape)
  const scores = grouped(q, k).matmul(byHead(k), { transposeB: true }).mul(scale) // [B, KV, G, T, S]
  const position = iota([time])
    .reshape([1, time, 1])
    .add(starts.reshape([batch, 1, 1])) // [B, T, 1]
  const key = iota([keys]).reshape([1, 1, keys])
  const seen = key.le(position).bitAnd(key.ge(firsts.reshape([batch, time, 1]))) // [B, T, S]
  return { scores, seen: seen.reshape([batch, 1, 1, time, keys]) }
}

/** [B, T, H, D] -> [B, KV, G, T, D]: query head h reads kv head h / G. A view. */
function grouped(q: Tensor, k: Tensor): Tensor {
  const { batch, time, channels, kvHeads, group } = attentionExtents(q.shape, k.shape)
  return q.reshape([batch, time, kvHeads, group, channels]).permute([0, 2, 3, 1, 4])
}

/** [B, KV, G, T, D] -> [B, T, H, D]. */
const ungrouped = (x: Tensor, like: Tensor): Tensor => x.permute([0, 3, 1, 2, 4]).reshape(like.shape)

/** [B, S, KV, D] -> [B, KV, 1, S, D]: one copy for all heads of a group. A view. */
const byHead = (k: Tensor): Tensor => k.permute([0, 2, 1, 3]).unsqueeze(2)

/** [B, T, H] -> [B, KV, G, T, 1]. */
function statistic(x: Tensor, k: Tensor): Tensor {
  const [batch, time, heads] = x.shape as [number, number, number]
  const kvHeads = k.shape[2] as number
  return x.reshape([batch, time, kvHeads, heads / kvHeads, 1]).permute([0, 2, 3, 1, 4])
}

/**
 * The fused op behind `causalAttention`: q [B, T, H, D], k and v [B, S, KV, D], starts int32 [B], firsts int32 [B, T] -> y
 * and lse.
 * The kernels never hold a T x S matrix and read only the keys that are seen.
 */
export const causalAttentionForward = defineFused({
  name: 'causalAttention',
  fallback(q: Tensor, k: Tensor, v: Tensor, starts: Tensor, firsts: Tensor, { scale }: Attributes) {
    checkAttention(q, k, v, starts, firsts)
    const { scores, seen } = scoresOf(q, k, starts, firsts, scale)
    const masked = where(seen, scores, Number.NEGATIVE_INFINITY)
    const largest = masked.amax(-1, true)
    // A row that sees nothing has no maximum; any finite number keeps its weights at zero.
    const safe = where(largest.eq(Number.NEGATIVE_INFINITY), 0, largest).stopGradient()
    const weights = where(seen, where(seen, scores, 0).sub(safe).exp(), 0) // [B, KV, G, T, S]
    const total = weights.sum(-1, true) // [B, KV, G, T, 1]
    const empty = total.eq(0)
    const y = weights.matmul(byHead(v)).div(where(empty, 1, total)) // [B, KV, G, T, D]
    const lse = where(empty, Number.NEGATIVE_INFINITY, safe.add(where(empty, 1, total).log()))
    return [ungrouped(y, q), lse.permute([0, 3, 1, 2, 4]).reshape(q.shape.slice(0, 3))] as const
  },
  kernels: {
    wasm: () => import('./kernels/causal-attention.wasm.js'),
    webgpu: () => import('./kernels/causal-attention.wgsl.js'),
  },
  supports: allFloat32,
  vjp({ inputs, outputs: [y, lse], cotangents: [dy, dlse], attributes }: VjpContext<Attributes>) {
    const [q, k, v, starts, firsts] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor]
    const cotangent = dy ?? (y as Tensor).zerosLike()
    const mean = (y as Tensor).mul(cotangent).sum(-1) // [B, T, H]
    const delta = dlse ? sub(mean, dlse) : mean
    return [
      ...causalAttentionBackward(q, k, v, lse as Tensor, delta, cotangent, starts, firsts, attributes),
      null,
      null,
    ]
  },
})

/**
 * dq, dk and dv from q, k, v, lse, delta [B, T, H] = sum_d dy y - dlse, dy, starts and firsts. Weights are computed again from lse.
 * Dao 2023, arXiv 2307.08691, section 3.1.2.
 */
export const causalAttentionBackward = defineFused({
  name: 'causalAttentionBackward',
  fallback(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lse: Tensor,
    delta: Tensor,
    dy: Tensor,
    starts: Tensor,
    firsts: Tensor,
    { scale }: Attributes,
  ) {
    const { scores, seen } = scoresOf(q, k, starts, firsts, scale)
    const weights = where(seen, where(seen, scores.sub(statistic(lse, k)), 0).exp(), 0) // [B, KV, G, T, S]
    const cotangent = grouped(dy, k) // [B, KV, G, T, D]
    const change = cotangent.matmul(byHead(v), { transposeB: true }).sub(statistic(delta, k))
    const dscores = weights.mul(change).mul(scale) // [B, KV, G, T, S]
    const overQueries = (x: Tensor, y: Tensor) => x.matmul(y, { transposeA: true }).sum(2).permute([0, 2, 1, 3])
    return [
      ungrouped(dscores.matmul(byHead(k)), q),
      overQueries(dscores, grouped(q, k)), // [B, S, KV, D]
      overQueries(weights, cotangent),
    ] as const
  },
  kernels: {
    wasm: () => import('./kernels/causal-attention-backward.wasm.js'),
    webgpu: () => import('./kernels/causal-attention-backward.wgsl.js'),
  },
  supports: allFloat32,
})

/**
 * Causal attention with grouped queries: softmax(scale q k^T) v, where query t of row b sees the keys
 * firsts[b, t] .. starts[b] + t.
 * q [B, T, H, D], k and v [B, S, KV, D] with H a multiple of KV -> y [B, T, H, D] and lse [B, T, H]. S is a maximum (a
 * cache); keys behind a row's last query are neither seen nor given a gradient. A query that sees no key (a negative
 * start) gives y = 0 and lse = -infinity. Ainslie et al. 2023, arXiv 2305.13245; Dao 2023, arXiv 2307.08691.
 * Throws ShapeError, DTypeError, ArgumentError.
 */
export function causalAttention(
  q: TensorLike,
  k: TensorLike,
  v: TensorLike,
  options: CausalAttentionOptions = {},
): AttentionResult {
  const [queries, keys, values] = [asTensor(q), asTensor(k), asTensor(v)]
  const given = asTensor(options.starts ?? 0).cast('int32')
  const starts = given.rank === 0 ? given.expand([queries.shape[0] ?? 0]) : given
  const scale = options.scale ?? (queries.shape[3] as number) ** -0.5
  if (!Number.isFinite(scale)) throw new ArgumentError('causalAttention', 'a finite scale', `${scale}`)
  const firsts = asTensor(options.firsts ?? 0).cast('int32')
  const rows = queries.shape.slice(0, 2)
  const firstKeys = firsts.rank === 0 ? firsts.expand(rows) : firsts
  const [y, lse] = causalAttentionForward(queries, keys, values, starts, firstKeys, { scale })
  return { y, lse }
}

function checkAttention(q: Tensor, k: Tensor, v: Tensor, starts: Tensor, firsts: Tensor): void {
  const where = 'causalAttention'
  for (const { dtype } of [q, k, v]) {
    if (!isFloat(dtype)) throw new DTypeError(where, 'float q, k and v', dtypeName(dtype))
  }
  for (const { dtype } of [starts, firsts]) {
    if (dtype !== 'int32') throw new DTypeError(where, 'int32 starts and firsts', dtypeName(dtype))
  }
  const [batch, time, heads, channels] = q.shape
  const [kBatch, , kvHeads, kChannels] = k.shape
  const fits =
    q.rank === 4 &&
    k.rank === 4 &&
    formatShape(k.shape) === formatShape(v.shape) &&
    kBatch === batch &&
    kChannels === channels &&
    (kvHeads as number) > 0 &&
    (heads as number) % (kvHeads as number) === 0
  if (!fits || formatShape(starts.shape) !== `[${batch}]` || formatShape(firsts.shape) !== `[${batch}, ${time}]`) {
    throw new ShapeError(
      where,
      'q [B, T, H, D], k and v [B, S, KV, D] with H a multiple of KV, starts [B], firsts [B, T]',
      [q, k, v, starts, firsts].map(({ shape }) => formatShape(shape)).join(', '),
    )
  }
}
