import { swiglu } from '../../src/fused/swiglu.js'
import { crossEntropy, grad, iota, key, le, type Tensor, tensor, where } from '../../src/index.js'
import { Embedding, Linear, Module, RMSNorm } from '../../src/nn/index.js'
import { AdamW } from '../../src/optim/index.js'

const linear = (inputs: number, outputs: number) => new Linear(inputs, outputs, { bias: false })

/** Pre-norm attention and SwiGLU in primitives: a Llama block without rotary embeddings. [B, T, C] -> [B, T, C] */
class Block extends Module {
  norm1: RMSNorm
  norm2: RMSNorm
  qkv: Linear[]
  o: Linear
  gate: Linear
  up: Linear
  down: Linear

  constructor(
    channels: number,
    readonly heads: number,
    ffn: number,
  ) {
    super()
    this.norm1 = new RMSNorm(channels)
    this.norm2 = new RMSNorm(channels)
    this.qkv = [0, 1, 2].map(() => linear(channels, channels))
    this.o = linear(channels, channels)
    this.gate = linear(channels, ffn)
    this.up = linear(channels, ffn)
    this.down = linear(ffn, channels)
  }

  forward(x: Tensor): Tensor {
    const [B, T, C] = x.shape as [number, number, number]
    const D = C / this.heads
    const h = this.norm1.forward(x)
    const [q, k, v] = this.qkv.map((layer) =>
      layer.forward(h).reshape([B, T, this.heads, D]).permute([0, 2, 1, 3]),
    ) as [Tensor, Tensor, Tensor]
    const scores = q.matmul(k, { transposeB: true }).mul(D ** -0.5) // [B, H, T, T]
    const visible = le(iota([T, T], 1), iota([T, T], 0))
    const y = where(visible, scores, Number.NEGATIVE_INFINITY).softmax().matmul(v) // [B, H, T, D]
    const afterAttention = x.add(this.o.forward(y.permute([0, 2, 1, 3]).reshape([B, T, C])))
    const h2 = this.norm2.forward(afterAttention)
    return afterAttention.add(this.down.forward(swiglu(this.gate.forward(h2), this.up.forward(h2))))
  }
}

/** A small decoder with a tied head. int32 [B, T] -> [B, T, V] */
export class TinyDecoder extends Module {
  embed: Embedding
  blocks: Block[]
  norm: RMSNorm

  constructor(vocabulary = 64, channels = 32, layers = 2, heads = 4, ffn = 88) {
    super()
    this.embed = new Embedding(vocabulary, channels)
    this.blocks = Array.from({ length: layers }, () => new Block(channels, heads, ffn))
    this.norm = new RMSNorm(channels)
  }

  /** `residuals` gets what goes into each block and out of the last. */
  forward(tokens: Tensor, residuals: Tensor[] = []): Tensor {
    let x = this.embed.forward(tokens)
    residuals.push(x)
    for (const block of this.blocks) {
      x = block.forward(x)
      residuals.push(x)
    }
    return this.norm.forward(x).matmul(this.embed.weight, { transposeB: true })
  }
}

/** A decoder with its optimiser and the function of one training step, not compiled. */
export function tinyTraining() {
  const model = new TinyDecoder().init(key(0))
  const optimizer = new AdamW(model, { learningRate: 3e-3 })
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss = crossEntropy(model.forward(x), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  }
  return { model, optimizer, step }
}

/** Tokens of a step: a fixed pseudo-random sequence. int32 [4, 16] and the tokens that follow. */
export function tinyBatch(step: number): { x: Tensor; y: Tensor } {
  const at = (i: number) => (Math.imul(i + step * 65, 7919) >>> 3) % 64
  const rows = (shift: number) => Int32Array.from({ length: 64 }, (_, i) => at(i + shift))
  return { x: tensor(rows(0), { shape: [4, 16] }), y: tensor(rows(1), { shape: [4, 16] }) }
}
