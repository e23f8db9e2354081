import {
  type AttentionInputs,
  type CacheStep,
  denseExtents,
  GroupedQueryAttention,
  type LayerCache,
  ropeAngles,
} from '@almanac/attention'
import {
  ArgumentError,
  asTensor,
  formatShape,
  iota,
  matmul,
  swiglu,
  type Tensor,
  type TensorLike,
} from '@almanac/tensor-core'
import type { CausalModel } from '@almanac/tensor-core/contracts'
import { Embedding, Linear, Module, normalInit, RMSNorm } from '@almanac/tensor-core/nn'
import { checkLlamaConfig, headDimOf, type LlamaConfig } from './llama-config.js'

/** The caches that a call reads and grows, and where its tokens stand in them: a step of as many tokens, row by row. */
export interface Decoding {
  readonly step: CacheStep
  readonly layers: readonly LayerCache[]
}

/** What a forward pass may be told beside the tokens. */
export interface LlamaInputs {
  /** The tokens continue what the caches hold. */
  readonly decoding?: Decoding
  /** First position that each token sees, int32 [B, T]: where its document begins, when several are packed in a row. */
  readonly firsts?: Tensor
  /** Rotary positions, int32 [T] or [B, T], for documents that count from 0. Default: 0 .. T-1, or those of the decoding's step. */
  readonly positions?: Tensor
  /**
   * Gets the residual stream [B, T, C] as it goes into each layer and out of the last, in this order: the checkpoints to hand
   * to `grad`, so that the backward pass keeps nothing else of the layers.
   */
  readonly residuals?: Tensor[]
}

const INIT_STD = 0.02

function projection(inputs: number, outputs: number, std = INIT_STD): Linear {
  return new Linear(inputs, outputs, { bias: false, initializer: normalInit(std) })
}

/** Self-attention of a config: grouped queries with rotary positions. */
function attention(config: LlamaConfig, residualStd: number): GroupedQueryAttention {
  const { hiddenSize, heads, kvHeads, ropeInterleaved: rotaryInterleaved = false } = config
  return new GroupedQueryAttention({
    hiddenSize,
    heads,
    kvHeads,
    headDim: headDimOf(config),
    rotaryInterleaved,
    initializer: normalInit(INIT_STD),
    outputInitializer: normalInit(residualStd),
  })
}

/** Throws ArgumentError for caches of another depth, a step of other tokens, and documents within a sequence. */
function checkDecoding({ step, layers }: Decoding, tokens: Tensor, { firsts }: LlamaInputs, config: LlamaConfig): void {
  if (layers.length !== config.layers) {
    throw new ArgumentError('Llama', `caches of ${config.layers} layers, one each`, `${layers.length}`)
  }
  if (step.positions.size !== tokens.size) {
    throw new ArgumentError(
      'Llama',
      `a step of ${tokens.size} tokens, for tokens ${formatShape(tokens.shape)}`,
      `one of ${step.positions.size}`,
      'Fill both up to the same number.',
    )
  }
  if (firsts) {
    throw new ArgumentError('Llama', 'decoding or firsts', 'both', 'Give each document a sequence of the cache.')
  }
}

/** down(silu(gate x) * up x). Shazeer 2020, arXiv 2002.05202. */
class LlamaMlp extends Module {
  gate_proj: Linear
  up_proj: Linear
  down_proj: Linear

  constructor({ hiddenSize: C, intermediateSize: F }: LlamaConfig, residualStd: number) {
    super()
    this.gate_proj = projection(C, F)
    this.up_proj = projection(C, F)
    this.down_proj = projection(F, C, residualStd)
  }

  forward(x: Tensor): Tensor {
    return this.down_proj.forward(swiglu(this.gate_proj.forward(x), this.up_proj.forward(x)))
  }
}

/** Pre-norm attention and feed-forward, each added to the residual stream.  [B, T, C] -> [B, T, C] */
class LlamaLayer extends Module {
  input_layernorm: RMSNorm
  self_attn: GroupedQueryAttention
  post_attention_layernorm: RMSNorm
  mlp: LlamaMlp

  constructor(config: LlamaConfig) {
    super()
    const eps = config.rmsNormEps ?? 1e-5
    // Each layer adds twice to the stream: its variance stays that of one (Radford et al. 2019, GPT-2, section 2.3).
    const residualStd = INIT_STD / Math.sqrt(2 * config.layers)
    this.input_layernorm = new RMSNorm(config.hiddenSize, { eps })
    this.self_attn = attention(config, residualStd)
    this.post_attention_layernorm = new RMSNorm(config.hiddenSize, { eps })
    this.mlp = new LlamaMlp(config, residualStd)
  }

  forward(x: Tensor, inputs: AttentionInputs): Tensor {
    const h = x.add(this.self_attn.forward(this.input_layernorm.forward(x), inputs))
    return h.add(this.mlp.forward(this.post_attention_layernorm.forward(h)))
  }
}

/** The stack between tokens and the last norm.  int32 [B, T] -> [B, T, C] */
class LlamaStack extends Module {
  embed_tokens: Embedding
  layers: LlamaLayer[]
  norm: RMSNorm

  constructor(readonly config: LlamaConfig) {
    super()
    this.embed_tokens = new Embedding(config.vocabSize, config.hiddenSize, { initializer: normalInit(INIT_STD) })
    this.layers = Array.from({ length: config.layers }, () => new LlamaLayer(config))
    this.norm = new RMSNorm(config.hiddenSize, { eps: config.rmsNormEps ?? 1e-5 })
  }

  forward(tokens: Tensor, inputs: LlamaInputs): Tensor {
    const { decoding, firsts, positions: given, residuals } = inputs
    if (decoding) checkDecoding(decoding, tokens, inputs, this.config)
    const [B, T] = tokens.shape as [number, number]
    const positions = given ?? decoding?.step.positions.reshape(tokens.shape) ?? iota([T]) // [T] or [B, T]
    const { ropeTheta: theta = 10000, ropeScaling: scaling, maxPositions } = this.config
    const angles = ropeAngles(positions, headDimOf(this.config), {
      theta,
      maxPositions,
      ...(scaling ? { scaling } : {}),
    })
    const extents = denseExtents({ batch: B, time: T, ...(firsts ? { firsts } : {}) })
    // The residual stream is float32 whatever the weights are stored in.
    let x = this.embed_tokens.forward(tokens).cast('float32') // [B, T, C]
    residuals?.push(x)
    this.layers.forEach((layer, i) => {
      const place = decoding ? { cache: decoding.layers[i] as LayerCache, step: decoding.step } : { extents }
      x = layer.forward(x, { angles, ...place })
      residuals?.push(x)
    })
    return this.norm.forward(x)
  }
}

/**
 * Llama: a decoder with pre-norm RMSNorm, rotary positions, grouped-query attention and SwiGLU. Touvron et al. 2023, arXiv
 * 2302.13971; Dubey et al. 2024, arXiv 2407.21783. Parameters have Hugging Face's names ("model.layers.0.self_attn.q_proj.weight").
 * Throws ArgumentError for a config that describes no model.
 */
export class Llama extends Module implements CausalModel {
  model: LlamaStack
  lm_head: Linear | null
  readonly config: LlamaConfig

  constructor(config: LlamaConfig) {
    super()
    checkLlamaConfig(config)
    this.config = config
    this.model = new LlamaStack(config)
    this.lm_head = (config.tieWordEmbeddings ?? true) ? null : projection(config.hiddenSize, config.vocabSize)
  }

  get vocabularySize(): number {
    return this.config.vocabSize
  }

  get maxPositions(): number {
    return this.config.maxPositions
  }

  /** What a cache keeps for this model, for the constructors of @almanac/attention: `pagedCache({ ...model.cacheShape, ... })`. */
  get cacheShape(): { readonly layers: number; readonly kvHeads: number; readonly headDim: number } {
    const { layers, kvHeads } = this.config
    return { layers, kvHeads, headDim: headDimOf(this.config) }
  }

  /** int32 [B, T] -> logits [B, T, V]. */
  forward(tokens: TensorLike, inputs: LlamaInputs = {}): Tensor {
    return this.head(this.model.forward(asTensor(tokens), inputs))
  }

  /**
   * Logits of the tokens at index `last` alone, which is what decoding needs: int32 [B, T] -> [B, V] for a `last` int32 [], and
   * -> [B, R, V] for int32 [R], such as the last token of each of R sequences that lie end to end in one row.
   */
  nextLogits(tokens: TensorLike, last: Tensor, decoding: Decoding): Tensor {
    const x = this.model.forward(asTensor(tokens), { decoding }) // [B, T, C]
    return this.head(x.take(last, 1)) // [B, V] or [B, R, V]
  }

  /** Hidden states [..., C] -> logits [..., V], by the embedding's transpose where the head is tied. */
  head(x: Tensor): Tensor {
    return this.lm_head ? this.lm_head.forward(x) : matmul(x, this.model.embed_tokens.weight, { transposeB: true })
  }
}
