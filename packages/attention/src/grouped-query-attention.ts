import { ArgumentError, asTensor, type Tensor, type TensorLike } from '@almanac/tensor-core'
import { type Initializer, Linear, Module, RMSNorm } from '@almanac/tensor-core/nn'
import { checkWindow } from './attention-extents.js'
import { type AttentionInputs, cachedStep, checkAngles, flatRows, rowsOf } from './attention-inputs.js'
import { biasOfRows, causalAttention } from './causal-attention.js'
import { flashAttention } from './flash-attention.js'
import { headShapeOf } from './head-shape.js'
import { rope } from './rope.js'
import { slidingWindow } from './sliding-window.js'

export interface GroupedQueryAttentionOptions {
  /** C. */
  readonly hiddenSize: number
  /** H query heads. */
  readonly heads: number
  /** KV heads of keys and values, a divisor of H: H for multi-head, 1 for multi-query attention. Default H. */
  readonly kvHeads?: number
  /** D. Default C / H. */
  readonly headDim?: number
  /** Biases of q_proj, k_proj and v_proj, as in Qwen 2. Default false. */
  readonly qkvBias?: boolean
  /** Bias of o_proj. Default false. */
  readonly outputBias?: boolean
  /** RMSNorm of each head of the queries and keys before they turn, q_norm and k_norm, as in Qwen 3. Default false. */
  readonly qkNorm?: boolean
  /** Of the norms. Default 1e-6. */
  readonly normEps?: number
  /** Factor of the scores. Default D^-0.5; Gemma 2 has query_pre_attn_scalar^-0.5. */
  readonly scale?: number
  /** Scores are softcap tanh(score / softcap): attn_logit_softcapping of Gemma 2. Default: as they are. */
  readonly softcap?: number
  /** Keys that a query sees at most, its own included; it holds for given extents and caches too. Default: all. */
  readonly window?: number
  /** First keys of a sequence that every query sees, whatever the window. Default 0. */
  readonly sinks?: number
  /** Channels of a head that turn, its first. Default D. */
  readonly rotaryChannels?: number
  /** Rotated pairs are neighbours (2i, 2i + 1), not (i, i + R/2), as in Hugging Face's files. Default false. */
  readonly rotaryInterleaved?: boolean
  /** First values of q_proj, k_proj and v_proj. Default: those of Linear. */
  readonly initializer?: Initializer
  /** First values of o_proj. Default: the same. */
  readonly outputInitializer?: Initializer
}

const WHERE = 'GroupedQueryAttention'

/**
 * Causal self-attention in which each of KV heads of keys and values serves G = H / KV heads of queries. Ainslie et al. 2023,
 * arXiv 2305.13245, section 2. KV = H is multi-head attention (Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2), KV = 1
 * multi-query attention (Shazeer 2019, arXiv 1911.02150, section 3). Norms of queries and keys: Henry et al. 2020, arXiv
 * 2010.04245. Parameters have Hugging Face's names. Throws ArgumentError for sizes that do not fit.
 */
export class GroupedQueryAttention extends Module {
  q_proj: Linear
  k_proj: Linear
  v_proj: Linear
  o_proj: Linear
  q_norm: RMSNorm | null
  k_norm: RMSNorm | null
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number

  constructor(readonly options: GroupedQueryAttentionOptions) {
    super()
    const { heads: H, kvHeads: KV, headDim: D } = headShapeOf(WHERE, options)
    this.heads = H
    this.kvHeads = KV
    this.headDim = D
    checkOptions(options, D)
    const { hiddenSize: C, qkvBias = false, outputBias = false, qkNorm = false, normEps: eps = 1e-6 } = options
    const { initializer, outputInitializer = initializer } = options
    const initialized = (bias: boolean, first?: Initializer) => ({ bias, ...(first ? { initializer: first } : {}) })
    this.q_proj = new Linear(C, H * D, initialized(qkvBias, initializer))
    this.k_proj = new Linear(C, KV * D, initialized(qkvBias, initializer))
    this.v_proj = new Linear(C, KV * D, initialized(qkvBias, initializer))
    this.o_proj = new Linear(H * D, C, initialized(outputBias, outputInitializer))
    this.q_norm = qkNorm ? new RMSNorm(D, { eps }) : null
    this.k_norm = qkNorm ? new RMSNorm(D, { eps }) : null
  }

  /**
   * o_proj of softmax(scale q k^T) v over the keys that each query sees: without a cache those of x up to its own, or what
   * `extents` say; with one, those that the step says. x [B, T, C] -> [B, T, C]. Throws ShapeError, ArgumentError.
   */
  forward(x: TensorLike, inputs: AttentionInputs = {}): Tensor {
    const value = asTensor(x)
    const [B, T] = rowsOf(WHERE, value, this.options.hiddenSize)
    const { heads: H, kvHeads: KV, headDim: D } = this
    const q = this.#turned(this.#normed(this.q_proj.forward(value).reshape([B, T, H, D]), this.q_norm), inputs)
    const k = this.#turned(this.#normed(this.k_proj.forward(value).reshape([B, T, KV, D]), this.k_norm), inputs)
    const v = this.v_proj.forward(value).reshape([B, T, KV, D])
    const y = this.#attended(q, k, v, inputs) // [B, T, H, D] or [N, H, D]
    return this.o_proj.forward(y.reshape([B, T, H * D]))
  }

  #normed(heads: Tensor, norm: RMSNorm | null): Tensor {
    return norm ? norm.forward(heads) : heads
  }

  #turned(heads: Tensor, { angles }: AttentionInputs): Tensor {
    if (!angles) return heads
    const { rotaryChannels: channels = this.headDim, rotaryInterleaved: interleaved = false } = this.options
    checkRotary(channels)
    checkAngles(WHERE, angles, channels)
    return rope(heads, angles, { channels, interleaved })
  }

  #attended(q: Tensor, k: Tensor, v: Tensor, inputs: AttentionInputs): Tensor {
    const { scale = this.headDim ** -0.5, softcap = 0, sinks = 0, window } = this.options
    const scores = { scale, softcap, sinks }
    const seen = (extents: NonNullable<AttentionInputs['extents']>) =>
      window === undefined ? extents : slidingWindow(extents, window)
    const cached = cachedStep(WHERE, inputs)
    const { bias, extents } = inputs
    if (!cached) {
      return causalAttention(q, k, v, {
        ...scores,
        ...(bias === undefined ? {} : { bias }),
        ...(extents ? { extents: seen(extents) } : window === undefined ? {} : { window }),
      }).y
    }
    const { cache, step } = cached
    const held = cache.append(flatRows(k), flatRows(v), step) // [M, KV, D] each
    const [B, T, H] = q.shape as [number, number, number, number]
    const { sequences, blockSize } = step.extents
    const places = ((sequences.shape[1] as number) - 3) * blockSize
    return flashAttention(flatRows(q), held.k, held.v, seen(step.extents), {
      ...scores,
      sinks: Math.max(sinks, step.sinks),
      ...(held.scales ? { scales: held.scales } : {}),
      ...(bias === undefined ? {} : { bias: biasOfRows(WHERE, asTensor(bias), [B, T, H, places]) }),
    }).y
  }
}

function checkOptions(options: GroupedQueryAttentionOptions, D: number): void {
  const { window, sinks = 0, rotaryChannels } = options
  checkWindow(WHERE, window)
  if (!Number.isSafeInteger(sinks) || sinks < 0) throw new ArgumentError(WHERE, 'a number of sinks from 0', `${sinks}`)
  if (rotaryChannels === undefined) return
  checkRotary(rotaryChannels)
  if (rotaryChannels > D) {
    throw new ArgumentError(WHERE, `at most the ${D} channels of a head as rotaryChannels`, `${rotaryChannels}`)
  }
}

function checkRotary(channels: number): void {
  if (Number.isSafeInteger(channels) && channels >= 2 && channels % 2 === 0) return
  throw new ArgumentError(
    WHERE,
    'an even number of rotated channels from 2',
    `${channels}`,
    'Pairs of channels turn: set rotaryChannels below an odd headDim.',
  )
}
