import { ArgumentError, asTensor, concat, type Tensor, type TensorLike } from '@almanac/tensor-core'
import { type Initializer, Linear, Module, RMSNorm } from '@almanac/tensor-core/nn'
import { denseExtents } from './attention-extents.js'
import { type AttentionInputs, cachedStep, checkAngles, flatRows, rowsOf } from './attention-inputs.js'
import { biasOfRows } from './causal-attention.js'
import { checkSizes } from './head-shape.js'
import {
  absorbedLatentAttention,
  type LatentAttentionInputs,
  latentAttentionFlops,
  naiveLatentAttention,
} from './latent-attention.js'
import { rope } from './rope.js'
import { yarnMscale } from './rope-frequencies.js'

export interface MultiHeadLatentAttentionOptions {
  /** C. */
  readonly hiddenSize: number
  /** H. */
  readonly heads: number
  /** d_c, channels of the latent that keys and values are made of: kv_lora_rank. */
  readonly latentDim: number
  /** d_n, channels of a head's query and key that do not turn: qk_nope_head_dim. */
  readonly contentDim: number
  /** d_R, channels that turn, of one key for all heads: qk_rope_head_dim. */
  readonly rotaryDim: number
  /** d_v: v_head_dim. */
  readonly valueDim: number
  /** d_c', channels of the latent that queries are made of: q_lora_rank. Default: made of x itself. */
  readonly queryLatentDim?: number
  /** Biases of q_a_proj, kv_a_proj_with_mqa and o_proj: attention_bias. Default false. */
  readonly bias?: boolean
  /** Of the latents' norms. Default 1e-6. */
  readonly normEps?: number
  /** Of a model that YaRN has extended: its factor and mscale_all_dim (1 where left out), for m^2 in the scores. */
  readonly yarn?: { readonly factor: number; readonly mscale?: number }
  /** Rotated pairs are neighbours (2i, 2i + 1), as in DeepSeek's files, not (i, i + d_R/2). Default true. */
  readonly rotaryInterleaved?: boolean
  /** First values of the projections. Default: those of Linear. */
  readonly initializer?: Initializer
  /** First values of o_proj. Default: the same. */
  readonly outputInitializer?: Initializer
}

export interface MultiHeadLatentAttentionInputs extends AttentionInputs {
  /**
   * `naive` makes the keys and values of every head, `absorbed` lets queries see the latents. Default: the one of fewer
   * operations by `latentAttentionFlops`; without a cache, in training, always `naive`.
   */
  readonly form?: 'naive' | 'absorbed'
}

const WHERE = 'MultiHeadLatentAttention'

/**
 * Causal self-attention whose keys and values are made of one narrow latent a token, and positions of one turned key that
 * all heads share: a cache keeps [c | k_R], d_c + d_R numbers a token. DeepSeek-AI 2024 (DeepSeek-V2), arXiv 2405.04434, eq.
 * 9-19. Parameters have Hugging Face's names; the file's kv_b_proj holds a head's W_UK above its W_UV. Throws ArgumentError.
 */
export class MultiHeadLatentAttention extends Module {
  q_proj: Linear | null
  q_a_proj: Linear | null
  q_a_layernorm: RMSNorm | null
  q_b_proj: Linear | null
  kv_a_proj_with_mqa: Linear
  kv_a_layernorm: RMSNorm
  kv_b_proj: Linear
  o_proj: Linear
  /** Factor of the scores: (d_n + d_R)^-0.5 m^2. */
  readonly scale: number

  constructor(readonly options: MultiHeadLatentAttentionOptions) {
    super()
    checkOptions(options)
    const { hiddenSize: C, heads: H, latentDim, contentDim, rotaryDim, valueDim, queryLatentDim: qDim } = options
    const { bias = false, normEps: eps = 1e-6, yarn, initializer, outputInitializer = initializer } = options
    const linear = (inputs: number, outputs: number, biased: boolean, first = initializer) =>
      new Linear(inputs, outputs, { bias: biased, ...(first ? { initializer: first } : {}) })
    const queries = H * (contentDim + rotaryDim)
    this.q_proj = qDim === undefined ? linear(C, queries, false) : null
    this.q_a_proj = qDim === undefined ? null : linear(C, qDim, bias)
    this.q_a_layernorm = qDim === undefined ? null : new RMSNorm(qDim, { eps })
    this.q_b_proj = qDim === undefined ? null : linear(qDim, queries, false)
    this.kv_a_proj_with_mqa = linear(C, latentDim + rotaryDim, bias)
    this.kv_a_layernorm = new RMSNorm(latentDim, { eps })
    this.kv_b_proj = linear(latentDim, H * (contentDim + valueDim), false)
    this.o_proj = linear(H * valueDim, C, bias, outputInitializer)
    const m = yarn ? yarnMscale(yarn.factor, yarn.mscale) : 1
    this.scale = (contentDim + rotaryDim) ** -0.5 * m * m
  }

  /**
   * x [B, T, C] -> [B, T, C]. A cache gets [c | k_R], [N, 1, d_c + d_R] with N = B T, and no values: they are the first d_c
   * channels. Throws ShapeError, ArgumentError.
   */
  forward(x: TensorLike, inputs: MultiHeadLatentAttentionInputs = {}): Tensor {
    const value = asTensor(x)
    const { hiddenSize, heads: H, valueDim } = this.options
    const [B, T] = rowsOf(WHERE, value, hiddenSize)
    const { content, rotary } = this.#queries(value, inputs)
    const latents = flatRows(this.#latents(value, inputs)) // [N, 1, d_c + d_R]
    const cached = cachedStep(WHERE, inputs)
    const held = cached ? cached.cache.append(latents, null, cached.step) : { k: latents } // [M, 1, d_c + d_R]
    const extents = cached ? cached.step.extents : (inputs.extents ?? denseExtents({ batch: B, time: T }))
    const keys = cached ? ((extents.sequences.shape[1] as number) - 3) * extents.blockSize : T
    const attention: LatentAttentionInputs = {
      content,
      rotary,
      latents: held.k,
      ...('scales' in held && held.scales ? { scales: held.scales } : {}),
      up: this.#up(),
      extents,
      scale: this.scale,
      sinks: cached?.step.sinks ?? 0,
      ...(inputs.bias === undefined ? {} : { bias: biasOfRows(WHERE, asTensor(inputs.bias), [B, T, H, keys]) }),
    }
    const form = inputs.form ?? (cached ? this.#cheaper(B * T, keys, held.k.shape[0] as number) : 'naive')
    const y = form === 'naive' ? naiveLatentAttention(attention) : absorbedLatentAttention(attention) // [N, H, d_v]
    return this.o_proj.forward(y.reshape([B, T, H * valueDim]))
  }

  /** q_C and q_R, [N, H, d_n] and [N, H, d_R]. Eq. 12 to 14. */
  #queries(x: Tensor, { angles }: AttentionInputs): { readonly content: Tensor; readonly rotary: Tensor } {
    const [B, T] = x.shape as [number, number, number]
    const { heads: H, contentDim, rotaryDim } = this.options
    const { q_proj, q_a_proj, q_a_layernorm, q_b_proj } = this
    const flat = q_proj
      ? q_proj.forward(x)
      : (q_b_proj as Linear).forward((q_a_layernorm as RMSNorm).forward((q_a_proj as Linear).forward(x)))
    const q = flat.reshape([B, T, H, contentDim + rotaryDim])
    return {
      content: flatRows(q.slice([null, null, null, [0, contentDim]])),
      rotary: flatRows(this.#turned(q.slice([null, null, null, [contentDim]]), angles)),
    }
  }

  /** [c | k_R], [B, T, 1, d_c + d_R]: c after its norm, k_R turned. Eq. 9 and 15. */
  #latents(x: Tensor, { angles }: AttentionInputs): Tensor {
    const { latentDim } = this.options
    const down = this.kv_a_proj_with_mqa.forward(x).unsqueeze(2) // [B, T, 1, d_c + d_R]
    const c = this.kv_a_layernorm.forward(down.slice([null, null, null, [0, latentDim]]))
    return concat([c, this.#turned(down.slice([null, null, null, [latentDim]]), angles)], 3)
  }

  #turned(heads: Tensor, angles: AttentionInputs['angles']): Tensor {
    if (!angles) return heads
    checkAngles(WHERE, angles, this.options.rotaryDim)
    return rope(heads, angles, { interleaved: this.options.rotaryInterleaved ?? true })
  }

  /** W_UK above W_UV, head by head, [H, d_n + d_v, d_c]. */
  #up(): Tensor {
    const { heads, contentDim, valueDim, latentDim } = this.options
    return asTensor(this.kv_b_proj.weight).reshape([heads, contentDim + valueDim, latentDim])
  }

  #cheaper(queries: number, keys: number, places: number): 'naive' | 'absorbed' {
    const { naive, absorbed } = latentAttentionFlops({ ...this.options, queries, keys, places })
    return naive < absorbed ? 'naive' : 'absorbed'
  }
}

function checkOptions(options: MultiHeadLatentAttentionOptions): void {
  const { hiddenSize, heads, latentDim, contentDim, rotaryDim, valueDim, queryLatentDim = 1, yarn } = options
  checkSizes(WHERE, { hiddenSize, heads, latentDim, contentDim, rotaryDim, valueDim, queryLatentDim })
  if (rotaryDim % 2 !== 0) throw new ArgumentError(WHERE, 'an even rotaryDim, for pairs that turn', `${rotaryDim}`)
  if (yarn && !(yarn.factor >= 1)) throw new ArgumentError(WHERE, 'a yarn.factor from 1', `${yarn.factor}`)
}
