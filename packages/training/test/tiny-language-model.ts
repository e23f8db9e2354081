import { crossEntropy, dropout, key, RandomState, type Tensor } from '@almanac/tensor-core'
import { Embedding, Linear, Module, RMSNorm } from '@almanac/tensor-core/nn'
import { AdamW } from '@almanac/tensor-core/optim'
import type { TokenBatch } from '../src/index.js'

/** Predicts a byte from the one before it; with dropout, so that a random key has to survive a pause too. */
export class TinyLanguageModel extends Module {
  readonly embedding = new Embedding(256, 16)
  readonly hidden = new Linear(16, 32)
  readonly norm = new RMSNorm(32)
  readonly head = new Linear(32, 256, { bias: false })
  readonly noise = new RandomState(5)

  /** [B, T] -> [B, T, 256]. `residuals` gets what goes into the hidden layer and out of it. */
  forward(ids: Tensor, residuals: Tensor[] = []): Tensor {
    const x = dropout(this.noise.next(), this.embedding.forward(ids), 0.1)
    const y = this.hidden.forward(x).relu()
    residuals.push(x, y)
    return this.head.forward(this.norm.forward(y))
  }
}

export function tinySetup(learningRate = 1e-2) {
  const model = new TinyLanguageModel().init(key(1))
  const optimizer = new AdamW(model, { learningRate })
  const loss = ({ inputs, targets }: TokenBatch) => crossEntropy(model.forward(inputs), targets)
  return { model, optimizer, loss }
}

export const tinyText = new TextEncoder().encode('the quick brown fox jumps over the lazy dog. '.repeat(40))
