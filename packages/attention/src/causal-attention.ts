import { asTensor, formatShape, ShapeError, type Tensor, type TensorLike } from '@almanac/tensor-core'
import { type AttentionExtents, denseExtents, type SeenKeys } from './attention-extents.js'
import { type FlashAttentionOptions, flashAttention } from './flash-attention.js'

/** What attention over rows of a batch may be told. */
export interface AttentionOptions extends Pick<FlashAttentionOptions, 'scale' | 'softcap' | 'sinks'> {
  /**
   * Added to the scores: float, broadcastable to [B, H or 1, T, S]; -infinity where a query must not see a key. As large as it
   * is: `firsts` and `lengths` say the same of documents and padding in a few numbers.
   */
  readonly bias?: TensorLike
}

export interface CausalAttentionOptions extends AttentionOptions, SeenKeys {
  /** Position of each row's first query among the keys, int32 [B] or a number. Default: 0. */
  readonly starts?: TensorLike
  /**
   * First key that each query sees, int32 [B, T]: the start of its document, where several are packed in a row (Dubey et al.
   * 2024, arXiv 2407.21783, section 3.2). Keys that no query of a block sees cost nothing. Default: 0.
   */
  readonly firsts?: TensorLike
  /** In place of `starts`, `firsts` and `window`: extents that several layers share. */
  readonly extents?: AttentionExtents
}

export interface CrossAttentionOptions extends AttentionOptions {
  /** Keys that each row really has, int32 [B]; the rest is padding. Default: all. */
  readonly lengths?: TensorLike
  readonly extents?: AttentionExtents
}

/** y [B, T, H, Dv] and lse [B, T, H], the logarithm of the sum of e^score over the keys that a query sees. */
export interface AttentionResult {
  readonly y: Tensor
  readonly lse: Tensor
}

/**
 * Causal attention with grouped queries: softmax(scale q k^T) v, where query t of row b sees the keys
 * max(firsts[b, t], position - window + 1) .. position with position = starts[b] + t.
 * q [B, T, H, D], k [B, S, KV, D] and v [B, S, KV, Dv] with H a multiple of KV -> y [B, T, H, Dv] and lse [B, T, H]. S is a
 * maximum (a cache); keys behind a row's last query are neither seen nor given a gradient. A query that sees no key (a negative
 * start) gives y = 0 and lse = -infinity. Vaswani et al. 2017, arXiv 1706.03762, eq. 1; Ainslie et al. 2023, arXiv 2305.13245.
 * Throws ShapeError, DTypeError, ArgumentError.
 */
export function causalAttention(
  q: TensorLike,
  k: TensorLike,
  v: TensorLike,
  { starts, firsts, window, extents, ...options }: CausalAttentionOptions = {},
): AttentionResult {
  const given = { ...(starts === undefined ? {} : { starts }), ...(firsts === undefined ? {} : { firsts }) }
  return overRows('causalAttention', [asTensor(q), asTensor(k), asTensor(v)], options, (sizes) => {
    if (extents) return extents
    return denseExtents({ ...sizes, ...given, ...(window === undefined ? {} : { window }) })
  })
}

/**
 * Attention in which every query sees all keys of its row, of another text or an image: softmax(scale q k^T) v. Shapes as in
 * `causalAttention`. Vaswani et al. 2017, arXiv 1706.03762, section 3.2.3. Throws ShapeError, DTypeError, ArgumentError.
 */
export function crossAttention(
  q: TensorLike,
  k: TensorLike,
  v: TensorLike,
  { lengths, extents, ...options }: CrossAttentionOptions = {},
): AttentionResult {
  return overRows('crossAttention', [asTensor(q), asTensor(k), asTensor(v)], options, (sizes) => {
    return extents ?? denseExtents({ ...sizes, causal: false, ...(lengths === undefined ? {} : { lengths }) })
  })
}

interface Sizes {
  readonly batch: number
  readonly time: number
  readonly keys: number
}

/** Rows of a batch laid end to end, and the result in rows again. */
function overRows(
  where: string,
  [q, k, v]: [Tensor, Tensor, Tensor],
  { bias, ...options }: AttentionOptions,
  extentsOf: (sizes: Sizes) => AttentionExtents,
): AttentionResult {
  const [B, T, H] = q.shape as [number, number, number, number]
  const [kB, S] = k.shape as [number, number, number, number]
  if (q.rank !== 4 || k.rank !== 4 || v.rank !== 4 || kB !== B || v.shape[0] !== B || v.shape[1] !== S) {
    throw new ShapeError(
      where,
      'q [B, T, H, D], k [B, S, KV, D] and v [B, S, KV, Dv]',
      [q, k, v].map(({ shape }) => formatShape(shape)).join(', '),
    )
  }
  const flat = (x: Tensor): Tensor => x.reshape([(x.shape[0] as number) * (x.shape[1] as number), ...x.shape.slice(2)])
  const { y, lse } = flashAttention(flat(q), flat(k), flat(v), extentsOf({ batch: B, time: T, keys: S }), {
    ...options,
    ...(bias === undefined ? {} : { bias: biasOfRows(where, asTensor(bias), [B, T, H, S]) }),
  })
  return { y: y.reshape([B, T, H, y.shape[2] as number]), lse: lse.reshape([B, T, H]) }
}

/** [B or 1, H or 1, T or 1, S] -> [B T, H or 1, S]. */
export function biasOfRows(where: string, bias: Tensor, [B, T, H, S]: [number, number, number, number]): Tensor {
  const [b, h, t, s] = [...Array<number>(Math.max(0, 4 - bias.rank)).fill(1), ...bias.shape] as number[]
  const fits = bias.rank <= 4 && (b === B || b === 1) && (h === H || h === 1) && (t === T || t === 1) && s === S
  if (!fits) {
    throw new ShapeError(where, `a bias that broadcasts to [${B}, ${H}, ${T}, ${S}]`, formatShape(bias.shape))
  }
  return bias
    .reshape([b as number, h as number, t as number, S])
    .permute([0, 2, 1, 3])
    .expand([B, T, h as number, S])
    .reshape([B * T, h as number, S])
}
