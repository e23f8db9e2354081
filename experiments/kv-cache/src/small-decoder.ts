import {
  type AttentionExtents,
  denseExtents,
  GroupedQueryAttention,
  MultiHeadLatentAttention,
  type RopeAngles,
  ropeAngles,
} from '@almanac/attention'
import { iota, matmul, swiglu, type Tensor } from '@almanac/tensor-core'
import { Embedding, Linear, Module, normalInit, RMSNorm } from '@almanac/tensor-core/nn'
import { feedForwardWidth, type ModelShape, type Variant } from './variants.js'

const INIT_STD = 0.02

/** Channels of a head that turn with the position. */
const rotaryOf = (variant: Variant, shape: ModelShape): number =>
  variant.kind === 'mla' ? variant.rotary : shape.headDim

function attentionOf(variant: Variant, { hiddenSize, heads, headDim }: ModelShape) {
  if (variant.kind === 'gqa') return new GroupedQueryAttention({ hiddenSize, heads, headDim, kvHeads: variant.kvHeads })
  return new MultiHeadLatentAttention({
    ...{ hiddenSize, heads, latentDim: variant.latent },
    ...{ contentDim: headDim, rotaryDim: variant.rotary, valueDim: headDim },
  })
}

class Layer extends Module {
  input_layernorm: RMSNorm
  self_attn: GroupedQueryAttention | MultiHeadLatentAttention
  post_attention_layernorm: RMSNorm
  gate_proj: Linear
  up_proj: Linear
  down_proj: Linear

  constructor(variant: Variant, shape: ModelShape) {
    super()
    const [C, F] = [shape.hiddenSize, feedForwardWidth(variant, shape)]
    const linear = (inputs: number, outputs: number) =>
      new Linear(inputs, outputs, { bias: false, initializer: normalInit(INIT_STD) })
    this.input_layernorm = new RMSNorm(C, { eps: 1e-5 })
    this.self_attn = attentionOf(variant, shape)
    this.post_attention_layernorm = new RMSNorm(C, { eps: 1e-5 })
    this.gate_proj = linear(C, F)
    this.up_proj = linear(C, F)
    this.down_proj = linear(F, C)
  }

  /** [B, T, C] -> [B, T, C] */
  forward(x: Tensor, angles: RopeAngles, extents: AttentionExtents): Tensor {
    const h = x.add(this.self_attn.forward(this.input_layernorm.forward(x), { angles, extents }))
    const normed = this.post_attention_layernorm.forward(h)
    return h.add(this.down_proj.forward(swiglu(this.gate_proj.forward(normed), this.up_proj.forward(normed))))
  }
}

/** A Llama of a few layers with the attention of a variant, and a head tied to the embedding. */
export class SmallDecoder extends Module {
  embed_tokens: Embedding
  layers: Layer[]
  norm: RMSNorm

  constructor(
    readonly variant: Variant,
    readonly shape: ModelShape,
  ) {
    super()
    this.embed_tokens = new Embedding(shape.vocabSize, shape.hiddenSize, { initializer: normalInit(INIT_STD) })
    this.layers = Array.from({ length: shape.layers }, () => new Layer(variant, shape))
    this.norm = new RMSNorm(shape.hiddenSize, { eps: 1e-5 })
  }

  /** int32 [B, T] -> logits [B, T, V] */
  forward(tokens: Tensor): Tensor {
    const [batch, time] = tokens.shape as [number, number]
    const extents = denseExtents({ batch, time })
    const angles = ropeAngles(iota([time]), rotaryOf(this.variant, this.shape), { maxPositions: time })
    let x = this.embed_tokens.forward(tokens)
    for (const layer of this.layers) x = layer.forward(x, angles, extents)
    return matmul(this.norm.forward(x), this.embed_tokens.weight, { transposeB: true })
  }

  parameterCount(): number {
    return this.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  }
}
