import { Llama, type LlamaConfig } from '@almanac/language-model/models'
import { crossEntropy, key } from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import { cosineSchedule, evaluator, heldOutBatches, tokenBatches, train } from '@almanac/training'
import { type ClozeQuestion, clozeAccuracy } from './cloze.js'

/** A Llama of 0.2 million parameters over bytes. */
export const MODEL: Omit<LlamaConfig, 'maxPositions'> = {
  vocabSize: 256,
  hiddenSize: 64,
  intermediateSize: 172,
  layers: 4,
  heads: 4,
  kvHeads: 4,
}

const LEARNING_RATE = 3e-3

export interface TrainArmOptions {
  /** Draws the weights and the windows. */
  readonly seed: number
  readonly steps: number
  readonly batchSize: number
  readonly contextLength: number
  readonly heldOut: Uint8Array
  /** Batches of held-out windows at most. */
  readonly heldOutBatches: number
  readonly questions: readonly ClozeQuestion[]
  readonly onProgress: (share: number, loss: number) => void
}

/** Trains a model on a text and scores it on what was held out. */
export async function trainArm(
  text: Uint8Array,
  options: TrainArmOptions,
): Promise<{ bitsPerByte: number; cloze: number }> {
  const { seed, steps, batchSize, contextLength, heldOut, heldOutBatches: count, questions, onProgress } = options
  const model = new Llama({ ...MODEL, maxPositions: contextLength }).init(key(seed))
  type Batch = ReturnType<ReturnType<typeof tokenBatches>>
  const loss = ({ inputs, targets }: Batch) => crossEntropy(model.forward(inputs), targets)
  await train<Batch>({
    ...{ model, loss, steps, clipNorm: 1 },
    optimizer: new AdamW(model, { learningRate: LEARNING_RATE, weightDecay: 0.1 }),
    batches: tokenBatches(text, { batchSize, contextLength, seed }),
    schedule: cosineSchedule({ peak: LEARNING_RATE, warmup: Math.ceil(steps / 20), steps, final: LEARNING_RATE / 10 }),
    onProgress(event) {
      if (event.type === 'step') onProgress(event.step / steps, event.loss)
    },
  })
  const batches = heldOutBatches(heldOut, { batchSize, contextLength, count })
  const { bitsPerByte } = await evaluator<Batch>({ loss, batches })()
  return { bitsPerByte, cloze: await clozeAccuracy((tokens) => model.forward(tokens), questions) }
}

/** Parameters of the model. */
export const parameterCount = (): number =>
  new Llama({ ...MODEL, maxPositions: 1 })
    .parameters()
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
