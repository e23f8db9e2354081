import { Llama } from '@almanac/language-model'
import { crossEntropy, key } from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import {
  cosineSchedule,
  evaluator,
  fileStorage,
  heldOutBatches,
  splitHeldOut,
  type TokenBatch,
  type TrainResult,
  tokenBatches,
  train,
} from '@almanac/training'
import type { Corpus } from './corpus.js'
import { bar, duration, progressLine } from './progress-line.js'
import { CHECKPOINT_FILE, type RunConfig } from './run-config.js'

export interface TrainingRun {
  readonly config: RunConfig
  readonly corpus: Corpus
  readonly folder: string
  /** false: begin anew even if the folder holds a checkpoint. */
  readonly resume: boolean
  readonly checkpointEvery: number
  readonly signal?: AbortSignal
}

/** Batches of held-out text that the loss is measured on. */
const EVALUATION_BATCHES = 16

/** Trains a Llama on bytes of text with progress on standard error; returns the model and the result. */
export async function runTraining(run: TrainingRun): Promise<{ model: Llama; result: TrainResult }> {
  const { config, corpus, folder } = run
  const { batchSize, contextLength, steps } = config
  const { train: text, heldOut } = splitHeldOut(corpus.bytes, 0.05)
  const model = new Llama(config.model).init(key(config.seed))
  const optimizer = new AdamW(model, { beta1: 0.9, beta2: 0.95, weightDecay: 0.1 })
  const loss = ({ inputs, targets }: TokenBatch) => crossEntropy(model.forward(inputs), targets)
  const line = progressLine()
  const result = await train<TokenBatch>({
    model,
    optimizer,
    loss,
    batches: tokenBatches(text, { batchSize, contextLength, seed: config.seed }),
    steps,
    schedule: cosineSchedule({
      peak: config.learningRate,
      steps,
      warmup: config.warmup,
      final: config.learningRate / 10,
    }),
    clipNorm: 1,
    tokensPerStep: batchSize * contextLength,
    evaluation: {
      every: Math.max(1, Math.ceil(steps / 4)),
      run: evaluator({
        loss,
        batches: heldOutBatches(heldOut, { batchSize, contextLength, count: EVALUATION_BATCHES }),
      }),
    },
    checkpoint: {
      storage: await fileStorage(folder),
      name: CHECKPOINT_FILE,
      every: run.checkpointEvery,
      config,
      resume: run.resume,
    },
    ...(run.signal ? { signal: run.signal } : {}),
    onProgress(event) {
      if (event.type === 'resumed') {
        line.note(`going on from the checkpoint of step ${event.step} of ${event.steps} in ${folder}`)
      } else if (event.type === 'step') {
        const rate = `${Math.round(event.tokensPerSecond).toLocaleString('en')} tokens/s`
        line.update(
          `${bar(event.step / event.steps)} step ${event.step}/${event.steps}  loss ${event.loss.toFixed(3)}  ${rate}  ${duration(event.remainingSeconds)} left`,
          event.step === event.steps,
        )
      } else if (event.type === 'evaluation') {
        line.note(
          `step ${event.step}: held-out ${event.evaluation.nats.toFixed(3)} nats a byte, ${event.evaluation.bitsPerByte.toFixed(3)} bits a byte`,
        )
      }
    },
  })
  return { model, result }
}
