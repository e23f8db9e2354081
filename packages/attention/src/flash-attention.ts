import {
  ArgumentError,
  asTensor,
  DTypeError,
  defineFused,
  dtypeName,
  fallbackVjp,
  formatShape,
  isFloat,
  ShapeError,
  sub,
  type Tensor,
  type TensorLike,
  type TensorSpec,
  type VjpContext,
  where,
} from '@almanac/tensor-core'
import type { AttentionExtents } from './attention-extents.js'
import { byHead, grouped, scoresOf, statistic, ungrouped } from './attention-fallback.js'

/** What every flash-attention op is told beside its tensors. */
export interface FlashAttributes {
  /** Factor of the scores. */
  readonly scale: number
  /** Scores are softcap tanh(score / softcap); 0 for as they are. */
  readonly softcap: number
  /** The first so many keys of a sequence are seen whatever a range's first key is. */
  readonly sinks: number
  readonly blockSize: number
  readonly layout: AttentionExtents['layout']
  /** Channels of the values, the first of v's. */
  readonly valueChannels: number
}

export interface FlashAttentionOptions {
  /** Factor of the scores. Default: D^-0.5. */
  readonly scale?: number
  /** Scores are capped smoothly: softcap tanh(score / softcap). Gemma Team 2024, arXiv 2408.00118, section 2. Default: not. */
  readonly softcap?: number
  /**
   * Keys at the beginning of a sequence that every query sees, whatever its window: attention sinks. Xiao et al. 2023, arXiv
   * 2309.17453. Default 0.
   */
  readonly sinks?: number
  /** Added to the scores after the cap: float32 [N, H or 1, L], L the keys that a sequence has places for. */
  readonly bias?: TensorLike
  /**
   * Of int8 keys and values: what each token's and head's are multiplied by, float32 [M, KV, 2] (keys, values). They have
   * no gradient.
   */
  readonly scales?: TensorLike
  /** Dv: values are the first so many channels of v, which may be wider, such as k itself. Default: all. */
  readonly valueChannels?: number
}

/** y [N, H, Dv] and lse [N, H], the logarithm of the sum of e^score over the keys that a query sees. */
export interface FlashAttentionResult {
  readonly y: Tensor
  readonly lse: Tensor
}

type Five<T = Tensor> = [q: T, k: T, v: T, sequences: T, ranges: T]

/** y and lse. They are not those of the fallback, whose scores may be more than a tensor may have. */
function inferForward(inputs: readonly TensorSpec[], attributes: FlashAttributes): readonly TensorSpec[] {
  const [q, k, v, sequences, ranges] = inputs as Five<TensorSpec>
  checkFlash([q, k, v, sequences, ranges], attributes)
  const [N, H] = q.shape as readonly [number, number, number]
  return [
    { shape: [N, H, attributes.valueChannels], dtype: 'float32' },
    { shape: [N, H], dtype: 'float32' },
  ]
}

/** dq, dk and dv. */
const inferBackward = (inputs: readonly TensorSpec[]): readonly TensorSpec[] =>
  inputs.slice(0, 3).map(({ shape, dtype }) => ({ shape, dtype }))

/** Queries and all that is summed in float32; keys and values may be stored in 16 bits. */
const storedFloats = ([q, k, v, ...others]: readonly TensorSpec[]): boolean =>
  q?.dtype === 'float32' &&
  k?.dtype === v?.dtype &&
  (k?.dtype === 'float32' || k?.dtype === 'float16' || k?.dtype === 'bfloat16') &&
  others.every(({ dtype }) => dtype === 'float32' || dtype === 'int32')

/** Gradients are of float32 alone. */
const allFloat32 = (inputs: readonly TensorSpec[]): boolean =>
  inputs.every(({ dtype }) => dtype === 'float32' || dtype === 'int32')

/** softmax(scores) v over the keys that are seen, and lse: the meaning of all three forward ops. */
function meaning(inputs: Five, bias: Tensor | undefined, attributes: FlashAttributes) {
  // Whatever they are stored in, sums are in float32.
  const [q, k, v] = inputs.slice(0, 3).map((x) => x.cast('float32')) as [Tensor, Tensor, Tensor]
  const [sequences, ranges] = inputs.slice(3) as [Tensor, Tensor]
  const { scores, seen } = scoresOf({ q, k, sequences, ranges, ...(bias ? { bias } : {}) }, attributes)
  const masked = where(seen, scores, Number.NEGATIVE_INFINITY)
  const largest = masked.amax(-1, true)
  // A row that sees nothing has no maximum; any finite number keeps its weights at zero.
  const safe = where(largest.eq(Number.NEGATIVE_INFINITY), 0, largest).stopGradient()
  const weights = where(seen, where(seen, scores, 0).sub(safe).exp(), 0) // [KV, G, N, M]
  const total = weights.sum(-1, true) // [KV, G, N, 1]
  const empty = total.eq(0)
  const values = v.slice([null, null, [0, attributes.valueChannels]])
  const y = weights.matmul(byHead(values)).div(where(empty, 1, total)) // [KV, G, N, Dv]
  const lse = where(empty, Number.NEGATIVE_INFINITY, safe.add(where(empty, 1, total).log()))
  return [ungrouped(y), ungrouped(lse).squeeze(2)] as const
}

/** Gradients of q, k, v (and the bias) by the kernels where queries and places are each of one sequence, by the fallback elsewhere. */
function gradients(definition: () => Parameters<typeof fallbackVjp>[0], context: VjpContext<FlashAttributes>) {
  const { inputs, outputs, cotangents, attributes } = context
  const [q, k, v, sequences, ranges, bias] = inputs as [...Five, Tensor | undefined]
  if (attributes.layout === 'paged' || attributes.valueChannels !== v.shape[2])
    return fallbackVjp(definition(), context)
  const [y, lse] = outputs as [Tensor, Tensor]
  const [dy, dlse] = cotangents
  const cotangent = dy ?? y.zerosLike()
  const mean = y.mul(cotangent).sum(-1) // [N, H]
  const delta = dlse ? sub(mean, dlse) : mean
  if (!bias)
    return [...flashAttentionBackward(q, k, v, lse, delta, cotangent, sequences, ranges, attributes), null, null]
  const own = biasedFlashAttentionBackward(q, k, v, lse, delta, cotangent, sequences, ranges, bias, attributes)
  // Only made where it is asked for: it is as large as the bias.
  return [...own, null, null, fallbackVjp(definition(), context)[5] as Tensor]
}

/**
 * The fused op behind `flashAttention`: q [N, H, D], k [M, KV, D], v [M, KV, Dv], sequences int32 [S, 3 + P] and ranges int32
 * [N, 2] (see AttentionExtents) -> y [N, H, Dv] and lse [N, H]. The kernels never hold an N x M matrix and read only keys that are seen.
 */
export const flashAttentionForward = defineFused({
  name: 'flashAttention',
  infer: inferForward,
  fallback(q: Tensor, k: Tensor, v: Tensor, sequences: Tensor, ranges: Tensor, attributes: FlashAttributes) {
    return meaning([q, k, v, sequences, ranges], undefined, attributes)
  },
  kernels: {
    wasm: () => import('./kernels/flash-attention.wasm.js'),
    webgpu: () => import('./kernels/flash-attention.wgsl.js'),
  },
  supports: storedFloats,
  vjp: (context: VjpContext<FlashAttributes>): readonly (Tensor | null)[] =>
    gradients(() => flashAttentionForward.definition, context),
})

/** The same with a bias float32 [N, H or 1, L], which is added to the scores after the cap. */
export const biasedFlashAttentionForward = defineFused({
  name: 'biasedFlashAttention',
  infer(inputs, attributes: FlashAttributes) {
    const [q, , , sequences, , bias] = inputs as [...Five<TensorSpec>, TensorSpec]
    const outputs = inferForward(inputs, attributes)
    checkBias(bias, q, sequences, attributes)
    return outputs
  },
  fallback(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    sequences: Tensor,
    ranges: Tensor,
    bias: Tensor,
    attributes: FlashAttributes,
  ) {
    return meaning([q, k, v, sequences, ranges], bias, attributes)
  },
  kernels: {
    wasm: () => import('./kernels/biased-flash-attention.wasm.js'),
    webgpu: () => import('./kernels/biased-flash-attention.wgsl.js'),
  },
  supports: storedFloats,
  vjp: (context: VjpContext<FlashAttributes>): readonly (Tensor | null)[] =>
    gradients(() => biasedFlashAttentionForward.definition, context),
})

/** The same over int8 keys and values with scales float32 [M, KV, 2]: for caches, without a gradient of theirs. */
export const int8FlashAttentionForward = defineFused({
  name: 'int8FlashAttention',
  infer(inputs, attributes: FlashAttributes) {
    const [, k, v, , , scales] = inputs as [...Five<TensorSpec>, TensorSpec]
    const outputs = inferForward(inputs, attributes)
    checkScales(scales, k, v)
    return outputs
  },
  fallback(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    sequences: Tensor,
    ranges: Tensor,
    scales: Tensor,
    attributes: FlashAttributes,
  ) {
    const scaled = (x: Tensor, i: number) => x.cast('float32').mul(scales.slice([null, null, [i, i + 1]]))
    return meaning([q, scaled(k, 0), scaled(v, 1), sequences, ranges], undefined, attributes)
  },
  kernels: {
    wasm: () => import('./kernels/int8-flash-attention.wasm.js'),
    webgpu: () => import('./kernels/int8-flash-attention.wgsl.js'),
  },
  supports: ([q, k, v]) => q?.dtype === 'float32' && k?.dtype === 'int8' && v?.dtype === 'int8',
})

type Eight = [
  q: Tensor,
  k: Tensor,
  v: Tensor,
  lse: Tensor,
  delta: Tensor,
  dy: Tensor,
  sequences: Tensor,
  ranges: Tensor,
]

/** dq, dk and dv; weights are computed again from lse. Dao 2023, arXiv 2307.08691, section 3.1.2. */
function gradientMeaning(inputs: Eight, bias: Tensor | undefined, attributes: FlashAttributes) {
  const [q, k, v] = inputs.slice(0, 3).map((x) => x.cast('float32')) as [Tensor, Tensor, Tensor]
  const [lse, delta, dy, sequences, ranges] = inputs.slice(3) as [Tensor, Tensor, Tensor, Tensor, Tensor]
  const KV = k.shape[1] as number
  const { scale, softcap } = attributes
  const { scores, seen } = scoresOf({ q, k, sequences, ranges, ...(bias ? { bias } : {}) }, attributes)
  // A row that sees nothing, or nothing that its bias does not hide, has weights of zero.
  const some = seen.bitAnd(statistic(lse, KV).gt(Number.NEGATIVE_INFINITY)) // [KV, G, N, M]
  const weights = where(some, where(some, scores.sub(statistic(lse, KV)), 0).exp(), 0) // [KV, G, N, M]
  const cotangent = grouped(dy, KV) // [KV, G, N, Dv]
  let change = cotangent.matmul(byHead(v), { transposeB: true }).sub(statistic(delta, KV)).mul(weights)
  if (softcap > 0) {
    const capped = grouped(q, KV).matmul(byHead(k), { transposeB: true }).mul(scale).div(softcap).tanh()
    change = change.mul(sub(1, capped.square()))
  }
  const dscores = change.mul(scale) // [KV, G, N, M]
  const overQueries = (x: Tensor, y: Tensor) => x.matmul(y, { transposeA: true }).sum(1).permute([1, 0, 2])
  return [
    ungrouped(dscores.matmul(byHead(k))).cast(inputs[0].dtype),
    overQueries(dscores, grouped(q, KV)).cast(inputs[1].dtype), // [M, KV, D]
    overQueries(weights, cotangent).cast(inputs[2].dtype), // [M, KV, Dv]
  ] as const
}

/**
 * dq, dk and dv from q, k, v, lse, delta [N, H] = sum_d dy y - dlse, dy, sequences and ranges, where every place is of one
 * sequence at most (layouts `dense` and `ragged`).
 */
export const flashAttentionBackward = defineFused({
  name: 'flashAttentionBackward',
  infer: inferBackward,
  fallback(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lse: Tensor,
    delta: Tensor,
    dy: Tensor,
    sequences: Tensor,
    ranges: Tensor,
    attributes: FlashAttributes,
  ) {
    return gradientMeaning([q, k, v, lse, delta, dy, sequences, ranges], undefined, attributes)
  },
  kernels: {
    wasm: () => import('./kernels/flash-attention-backward.wasm.js'),
    webgpu: () => import('./kernels/flash-attention-backward.wgsl.js'),
  },
  supports: allFloat32,
})

/** The same with a bias: the gradients of q, k and v. */
export const biasedFlashAttentionBackward = defineFused({
  name: 'biasedFlashAttentionBackward',
  infer: inferBackward,
  fallback(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lse: Tensor,
    delta: Tensor,
    dy: Tensor,
    sequences: Tensor,
    ranges: Tensor,
    bias: Tensor,
    attributes: FlashAttributes,
  ) {
    return gradientMeaning([q, k, v, lse, delta, dy, sequences, ranges], bias, attributes)
  },
  kernels: {
    wasm: () => import('./kernels/biased-flash-attention-backward.wasm.js'),
    webgpu: () => import('./kernels/biased-flash-attention-backward.wgsl.js'),
  },
  supports: allFloat32,
})

const WHERE = 'flashAttention'

/**
 * Attention of queries q [N, H, D] over keys k [M, KV, D] and values v [M, KV, Dv], H a multiple of KV: softmax(scale q k^T) v
 * over what `extents` let a query see -> y [N, H, Dv] and lse [N, H]. Rows that see nothing give y = 0 and lse = -infinity.
 * Dao 2023, arXiv 2307.08691; Ainslie et al. 2023, arXiv 2305.13245; Kwon et al. 2023, arXiv 2309.06180.
 * Throws ShapeError, DTypeError, ArgumentError.
 */
export function flashAttention(
  q: TensorLike,
  k: TensorLike,
  v: TensorLike,
  { sequences, ranges, blockSize, layout }: AttentionExtents,
  options: FlashAttentionOptions = {},
): FlashAttentionResult {
  const [queries, keys, values] = [asTensor(q), asTensor(k), asTensor(v)]
  const { softcap = 0, sinks = 0, bias, scales } = options
  const { scale = (queries.shape[2] as number) ** -0.5, valueChannels = values.shape[2] as number } = options
  if (!Number.isFinite(scale)) throw new ArgumentError(WHERE, 'a finite scale', `${scale}`)
  if (!(softcap >= 0 && Number.isFinite(softcap))) {
    throw new ArgumentError(WHERE, 'a finite softcap above 0', `${softcap}`, 'Leave it out for none.')
  }
  if (!Number.isSafeInteger(sinks) || sinks < 0) throw new ArgumentError(WHERE, 'a number of sinks from 0', `${sinks}`)
  if (bias !== undefined && scales !== undefined) {
    throw new ArgumentError(WHERE, 'a bias or scales of int8 keys', 'both', 'Cast the keys and values to float32.')
  }
  const attributes: FlashAttributes = { scale, softcap, sinks, blockSize, layout, valueChannels }
  const inputs: Five = [queries, keys, values, sequences, ranges]
  const [y, lse] =
    bias !== undefined
      ? biasedFlashAttentionForward(...inputs, asTensor(bias), attributes)
      : scales !== undefined
        ? int8FlashAttentionForward(...inputs, asTensor(scales), attributes)
        : flashAttentionForward(...inputs, attributes)
  return { y, lse }
}

const shapes = (tensors: readonly TensorSpec[]): string => tensors.map(({ shape }) => formatShape(shape)).join(', ')

function checkFlash([q, k, v, sequences, ranges]: Five<TensorSpec>, { valueChannels }: FlashAttributes): void {
  if (!isFloat(q.dtype)) throw new DTypeError(WHERE, 'float queries', dtypeName(q.dtype))
  for (const { dtype } of [k, v]) {
    if (!isFloat(dtype) && dtype !== 'int8') throw new DTypeError(WHERE, 'float keys and values', dtypeName(dtype))
  }
  for (const { dtype } of [sequences, ranges]) {
    if (dtype !== 'int32') throw new DTypeError(WHERE, 'int32 sequences and ranges', dtypeName(dtype))
  }
  const [N, H, D] = q.shape
  const [M, KV, kD] = k.shape
  const expected = 'q [N, H, D], k [M, KV, D] and v [M, KV, Dv] with H a multiple of KV'
  if ([q, k, v].some(({ shape }) => shape.length !== 3) || kD !== D || v.shape[0] !== M || v.shape[1] !== KV) {
    throw new ShapeError(WHERE, expected, shapes([q, k, v]))
  }
  if (!((KV as number) > 0) || (H as number) % (KV as number) !== 0) {
    throw new ShapeError(
      WHERE,
      `as many query heads as kv heads, or a multiple of them`,
      `${H} query heads over ${KV} kv heads`,
      'Each kv head serves H / KV query heads.',
    )
  }
  if (!(valueChannels >= 1 && valueChannels <= (v.shape[2] as number))) {
    throw new ArgumentError(WHERE, `valueChannels from 1 to the ${v.shape[2]} of v`, `${valueChannels}`)
  }
  if (sequences.shape.length !== 2 || (sequences.shape[1] as number) < 4 || formatShape(ranges.shape) !== `[${N}, 2]`) {
    throw new ShapeError(
      WHERE,
      `sequences [S, 3 + P] and ranges [${N}, 2]`,
      shapes([sequences, ranges]),
      'Make them with denseExtents or batchExtents, for these queries.',
    )
  }
}

function checkBias(bias: TensorSpec, q: TensorSpec, sequences: TensorSpec, { blockSize }: FlashAttributes): void {
  const [N, H] = q.shape as [number, number, number]
  const L = ((sequences.shape[1] as number) - 3) * blockSize
  const [rows, heads, length] = bias.shape
  if (!isFloat(bias.dtype)) throw new DTypeError(WHERE, 'a float bias', dtypeName(bias.dtype))
  if (bias.shape.length !== 3 || rows !== N || (heads !== H && heads !== 1) || length !== L) {
    throw new ShapeError(WHERE, `a bias [${N}, ${H} or 1, ${L}]`, formatShape(bias.shape))
  }
}

function checkScales(scales: TensorSpec, k: TensorSpec, v: TensorSpec): void {
  if (k.dtype !== 'int8' || v.dtype !== 'int8') {
    throw new DTypeError(WHERE, 'int8 keys and values with scales', `${dtypeName(k.dtype)} and ${dtypeName(v.dtype)}`)
  }
  const expected = `[${k.shape[0]}, ${k.shape[1]}, 2]`
  if (scales.dtype !== 'float32' || formatShape(scales.shape) !== expected) {
    throw new ShapeError(WHERE, `scales float32 ${expected}`, `${dtypeName(scales.dtype)} ${formatShape(scales.shape)}`)
  }
}
