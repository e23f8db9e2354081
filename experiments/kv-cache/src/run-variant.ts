import { crossEntropy, key } from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import { cosineSchedule, evaluator, heldOutBatches, splitHeldOut, tokenBatches, train } from '@almanac/training'
import type { Corpus } from './corpus.js'
import { SmallDecoder } from './small-decoder.js'
import type { ModelShape, Variant } from './variants.js'

export interface RunOptions {
  readonly shape: ModelShape
  readonly steps: number
  readonly batchSize: number
  readonly contextLength: number
  /** Batches of held-out windows. */
  readonly heldOut: number
  readonly onProgress: (share: number, loss: number) => void
}

const LEARNING_RATE = 3e-3

/** Bits a byte on held-out text after training from this seed: it draws the weights and the windows, the same for all variants. */
export async function runVariant(variant: Variant, corpus: Corpus, seed: number, options: RunOptions): Promise<number> {
  const { shape, steps, batchSize, contextLength, heldOut: count, onProgress } = options
  const { train: text, heldOut } = splitHeldOut(corpus.bytes)
  const model = new SmallDecoder(variant, shape).init(key(seed))
  const optimizer = new AdamW(model, { learningRate: LEARNING_RATE, weightDecay: 0.1 })
  type Batch = ReturnType<ReturnType<typeof tokenBatches>>
  const loss = ({ inputs, targets }: Batch) => crossEntropy(model.forward(inputs), targets)
  await train<Batch>({
    ...{ model, optimizer, loss, steps, clipNorm: 1 },
    batches: tokenBatches(text, { batchSize, contextLength, seed }),
    schedule: cosineSchedule({ peak: LEARNING_RATE, warmup: Math.ceil(steps / 20), steps, final: LEARNING_RATE / 10 }),
    onProgress(event) {
      if (event.type === 'step') onProgress(event.step / steps, event.loss)
    },
  })
  const batches = heldOutBatches(heldOut, { batchSize, contextLength, count })
  return (await evaluator<Batch>({ loss, batches })()).bitsPerByte
}
