import { asTensor, formatShape, ShapeError, type Tensor, type TensorLike } from '@almanac/tensor-core'
import { type Initializer, Linear, Module, RMSNorm } from '@almanac/tensor-core/nn'
import { rowsOf } from './attention-inputs.js'
import { type CrossAttentionOptions as CrossAttentionInputs, crossAttention } from './causal-attention.js'
import { headShapeOf } from './head-shape.js'

export interface CrossAttentionModuleOptions {
  /** C, channels of the queries' side. */
  readonly hiddenSize: number
  /** Channels of the context. Default C. */
  readonly contextSize?: number
  /** H query heads. */
  readonly heads: number
  /** KV heads of keys and values, a divisor of H. Default H. */
  readonly kvHeads?: number
  /** D. Default C / H. */
  readonly headDim?: number
  /** Biases of q_proj, k_proj and v_proj. Default false. */
  readonly qkvBias?: boolean
  /** Bias of o_proj. Default false. */
  readonly outputBias?: boolean
  /** RMSNorm of each head of the queries and keys, q_norm and k_norm, as in Llama 3.2's vision models. Default false. */
  readonly qkNorm?: boolean
  /** Of the norms. Default 1e-6. */
  readonly normEps?: number
  /** Factor of the scores. Default D^-0.5. */
  readonly scale?: number
  /** Default: those of Linear. */
  readonly initializer?: Initializer
}

/** Keys and values of a context, [B, S, KV, D] each: the same for every step of a text that is written about it. */
export interface ContextKeys {
  readonly k: Tensor
  readonly v: Tensor
}

const WHERE = 'CrossAttention'

/**
 * Attention in which the queries of x see the keys of another text, or of an image's features: no order, no positions.
 * Vaswani et al. 2017, arXiv 1706.03762, section 3.2.3. Parameters have Hugging Face's names. Throws ArgumentError for sizes
 * that do not fit.
 */
export class CrossAttention extends Module {
  q_proj: Linear
  k_proj: Linear
  v_proj: Linear
  o_proj: Linear
  q_norm: RMSNorm | null
  k_norm: RMSNorm | null
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number

  constructor(readonly options: CrossAttentionModuleOptions) {
    super()
    const { heads: H, kvHeads: KV, headDim: D } = headShapeOf(WHERE, options)
    this.heads = H
    this.kvHeads = KV
    this.headDim = D
    const { hiddenSize: C, contextSize = C, qkvBias = false, outputBias = false, initializer } = options
    const { qkNorm = false, normEps: eps = 1e-6 } = options
    const linear = (inputs: number, outputs: number, bias: boolean) =>
      new Linear(inputs, outputs, { bias, ...(initializer ? { initializer } : {}) })
    this.q_proj = linear(C, H * D, qkvBias)
    this.k_proj = linear(contextSize, KV * D, qkvBias)
    this.v_proj = linear(contextSize, KV * D, qkvBias)
    this.o_proj = linear(H * D, C, outputBias)
    this.q_norm = qkNorm ? new RMSNorm(D, { eps }) : null
    this.k_norm = qkNorm ? new RMSNorm(D, { eps }) : null
  }

  /** What `forward` takes in place of a context that stays the same.  [B, S, contextSize] -> k and v [B, S, KV, D] */
  contextKeys(context: TensorLike): ContextKeys {
    const value = asTensor(context)
    const { hiddenSize, contextSize = hiddenSize } = this.options
    const [B, S] = rowsOf(WHERE, value, contextSize, 'a context [B, S, channels]')
    const { kvHeads: KV, headDim: D } = this
    const k = this.k_proj.forward(value).reshape([B, S, KV, D])
    return { k: this.k_norm ? this.k_norm.forward(k) : k, v: this.v_proj.forward(value).reshape([B, S, KV, D]) }
  }

  /**
   * o_proj of softmax(scale q k^T) v over the keys of the context, of which row b has `lengths[b]`; with none, a row's
   * attention is 0. x [B, T, C], context [B, S, contextSize] or its keys -> [B, T, C]. Throws ShapeError.
   */
  forward(
    x: TensorLike,
    context: TensorLike | ContextKeys,
    inputs: Pick<CrossAttentionInputs, 'lengths' | 'bias' | 'extents'> = {},
  ): Tensor {
    const value = asTensor(x)
    const [B, T] = rowsOf(WHERE, value, this.options.hiddenSize)
    const { heads: H, headDim: D } = this
    const { k, v } = areKeys(context) ? context : this.contextKeys(context)
    if (k.shape[0] !== B) throw new ShapeError(WHERE, `a context of ${B} rows, as x`, formatShape(k.shape))
    const heads = this.q_proj.forward(value).reshape([B, T, H, D])
    const q = this.q_norm ? this.q_norm.forward(heads) : heads
    const { y } = crossAttention(q, k, v, { scale: this.options.scale ?? D ** -0.5, ...inputs }) // [B, T, H, D]
    return this.o_proj.forward(y.reshape([B, T, H * D]))
  }
}

function areKeys(context: TensorLike | ContextKeys): context is ContextKeys {
  return typeof context === 'object' && 'k' in context && 'v' in context
}
