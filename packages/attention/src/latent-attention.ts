import { concat, matmul, type Tensor, type TensorLike } from '@almanac/tensor-core'
import type { AttentionExtents } from './attention-extents.js'
import { flashAttention } from './flash-attention.js'

/** What the two forms of latent attention are given: N queries over the latents of M places. */
export interface LatentAttentionInputs {
  /** q_C, the queries' content, [N, H, d_n]. */
  readonly content: Tensor
  /** q_R, the queries' turned channels, [N, H, d_R]. */
  readonly rotary: Tensor
  /** [c | k_R], all that is kept of a key and its value, [M, 1, d_c + d_R]; k_R is shared by all heads. */
  readonly latents: Tensor
  /** Of int8 latents, float32 [M, 1, 2]. */
  readonly scales?: Tensor
  /** W_UK and W_UV head by head, [H, d_n + d_v, d_c]: what makes keys and values of a latent. */
  readonly up: Tensor
  readonly extents: AttentionExtents
  /** Factor of the scores: (d_n + d_R)^-0.5, times m^2 for a model that YaRN has extended. */
  readonly scale: number
  /** First keys of a sequence that every query sees, whatever its range. Default 0. */
  readonly sinks?: number
  /** Added to the scores, [N, H or 1, L]. */
  readonly bias?: TensorLike
}

/** Sizes that the work of latent attention depends on. */
export interface LatentAttentionSizes {
  /** N. */
  readonly queries: number
  /** L: keys that a query sees at most. */
  readonly keys: number
  /** M. */
  readonly places: number
  /** H. */
  readonly heads: number
  /** d_n. */
  readonly contentDim: number
  /** d_R. */
  readonly rotaryDim: number
  /** d_c. */
  readonly latentDim: number
  /** d_v. */
  readonly valueDim: number
}

/**
 * Keys and values of every head made of the latents: k_h = [W_UK_h c | k_R], v_h = W_UV_h c, and attention over those: how it
 * is trained, and the cheaper form for many queries. DeepSeek-AI 2024, arXiv 2405.04434, eq. 13-19. -> [N, H, d_v]
 * Throws ShapeError, DTypeError.
 */
export function naiveLatentAttention(inputs: LatentAttentionInputs): Tensor {
  const { content, rotary, up, extents, scale, sinks = 0, bias } = inputs
  const [H, , latentDim] = up.shape as [number, number, number]
  const contentDim = content.shape[2] as number
  const latents = plain(inputs) // [M, 1, d_c + d_R]
  const M = latents.shape[0] as number
  const c = latents.slice([null, null, [0, latentDim]]).reshape([M, latentDim])
  const kR = latents.slice([null, null, [latentDim]]).expand([M, H, rotary.shape[2] as number])
  const made = matmul(c, up.reshape([-1, latentDim]), { transposeB: true }).reshape([M, H, up.shape[1] as number])
  const k = concat([made.slice([null, null, [0, contentDim]]), kR], 2) // [M, H, d_n + d_R]
  const v = made.slice([null, null, [contentDim]]) // [M, H, d_v]
  const q = concat([content, rotary], 2) // [N, H, d_n + d_R]
  return flashAttention(q, k, v, extents, { scale, sinks, ...(bias === undefined ? {} : { bias }) }).y
}

/**
 * The same without making a key or a value: q_C . W_UK c = (q_C W_UK) . c, so that queries go to the latents, which are the
 * keys and, in their first d_c channels, the values of one head that all query heads share: the cheaper form for few queries
 * over many keys. DeepSeek-AI 2024, arXiv 2405.04434, section 2.1.2. -> [N, H, d_v]. Throws ShapeError, DTypeError.
 */
export function absorbedLatentAttention(inputs: LatentAttentionInputs): Tensor {
  const { content, rotary, latents, scales, up, extents, scale, sinks = 0, bias } = inputs
  const latentDim = up.shape[2] as number
  const contentDim = content.shape[2] as number
  const byHead = (x: Tensor) => x.permute([1, 0, 2]) // [N, H, .] <-> [H, N, .]
  const upK = up.slice([null, [0, contentDim]]) // [H, d_n, d_c]
  const upV = up.slice([null, [contentDim]]) // [H, d_v, d_c]
  const q = concat([byHead(byHead(content).matmul(upK)), rotary], 2) // [N, H, d_c + d_R]
  const { y } = flashAttention(q, latents, latents, extents, {
    scale,
    sinks,
    valueChannels: latentDim,
    ...(scales ? { scales } : {}),
    ...(bias === undefined ? {} : { bias }),
  }) // [N, H, d_c]
  return byHead(byHead(y).matmul(upV, { transposeB: true }))
}

/**
 * Multiplications and additions of both forms, without projections that they share: 2 M H d_c (d_n + d_v) to make keys and
 * values and 2 N L H (d_n + d_R + d_v) over them, against 2 N H d_c (d_n + d_v) around attention and 2 N L H (2 d_c + d_R) in
 * it. Over the queries' own keys (M = N) the naive form is the cheaper one wherever d_n + d_v < 2 d_c; for one query a
 * sequence over a long cache the absorbed one is.
 */
export function latentAttentionFlops(sizes: LatentAttentionSizes): {
  readonly naive: number
  readonly absorbed: number
} {
  const { queries: N, keys: L, places: M, heads: H, contentDim, rotaryDim, latentDim, valueDim } = sizes
  const made = 2 * H * latentDim * (contentDim + valueDim)
  return {
    naive: M * made + 2 * N * L * H * (contentDim + rotaryDim + valueDim),
    absorbed: N * made + 2 * N * L * H * (2 * latentDim + rotaryDim),
  }
}

/** The latents in the queries' dtype. */
function plain({ latents, scales, content }: LatentAttentionInputs): Tensor {
  const values = latents.cast(content.dtype)
  return scales ? values.mul(scales.slice([null, null, [0, 1]])) : values
}
