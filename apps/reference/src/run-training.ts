import { Llama, writeLlama } from '@almanac/language-model'
import { crossEntropy, key } from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import {
  type CheckpointStorage,
  cosineSchedule,
  evaluator,
  fileStorage,
  heldOutBatches,
  jsonLinesLog,
  type ProgressEvent,
  type TokenBatch,
  type TrainResult,
  tokenBatches,
  train,
} from '@almanac/training'
import { type CountComparison, compareWithCounts } from './compare-with-counts.js'
import { type Corpus, corpusDigest } from './corpus.js'
import { jsonChunks, type PreparedData, prepareData, readJson } from './prepare-data.js'
import { bar, duration, progressLine } from './progress-line.js'
import { CHECKPOINT_FILE, LOG_FILE, REPORT_FILE, type RunConfig } from './run-config.js'
import { UsageError } from './usage-error.js'

export interface TrainingRun {
  /** Without the corpus, which is added here. The model's vocabulary is the tokenizer's. */
  readonly config: Omit<RunConfig, 'corpus' | 'corpusDigest'>
  readonly corpus: Corpus
  readonly folder: string
  /** false: begin anew even if the folder holds a checkpoint. */
  readonly resume: boolean
  readonly checkpointEvery: number
  readonly signal?: AbortSignal
}

export interface FinishedRun {
  readonly model: Llama
  readonly data: PreparedData
  readonly result: TrainResult
  readonly comparison: CountComparison
}

/** Windows of held-out text that the loss is measured on while training goes on. */
const EVALUATION_BATCHES = 8

/**
 * From text to a model in a folder, with progress on standard error: a tokenizer, the encoded corpus, training with
 * checkpoints and a log, the comparison with counting, and at last the model in Hugging Face's files. Every step takes
 * what the folder holds already.
 */
export async function runTraining(run: TrainingRun): Promise<FinishedRun> {
  const { corpus, folder, signal } = run
  const line = progressLine()
  const storage = await fileStorage(folder)
  const { vocabSize, maxPositions } = run.config.model
  const data = await prepareData({ corpus, storage, vocabSize, maxPositions, line, ...(signal ? { signal } : {}) })
  const least = 2 * run.config.contextLength + 1
  if (data.heldOut.tokens.length < least) {
    throw new UsageError(
      `text: expected ${least} tokens or more in its last twentieth, two windows to measure the loss on, got ${data.heldOut.tokens.length}. Give a longer text.`,
    )
  }
  // A small text may have fewer pairs than the vocabulary has room for.
  const config: RunConfig = {
    ...run.config,
    model: { ...run.config.model, vocabSize: data.tokenizer.vocabularySize },
    corpus: corpus.name,
    corpusDigest: corpusDigest(corpus),
  }
  const model = new Llama(config.model).init(key(config.seed))
  const log = await jsonLinesLog(`${folder}/${LOG_FILE}`)
  let result: TrainResult
  try {
    const show = showProgress(line, folder)
    result = await trainModel(run, config, model, data, storage, (event) => {
      log.write(event)
      show(event)
    })
  } finally {
    await log.close()
  }

  const known = await readReport(storage, config)
  if (known) return { model, data, result, comparison: known }
  line.note('comparing with a bigram and a trigram of the same tokens ...')
  const comparison = await compareWithCounts(model, data, config.contextLength)
  await writeLlama(storage, model, {
    generation: { bosId: data.tokenizer.bosId as number, eosIds: [data.tokenizer.eosId as number] },
  })
  // Last: a folder with the report of a run has the model of that run.
  await storage.write(REPORT_FILE, jsonChunks({ ...comparison, run: config }))
  return { model, data, result, comparison }
}

/** What the folder's report says, if it is of this very run: the same settings give the same model. */
async function readReport(storage: CheckpointStorage, config: RunConfig): Promise<CountComparison | null> {
  const report = (await readJson(storage, REPORT_FILE)) as (CountComparison & { readonly run: unknown }) | null
  if (!report || JSON.stringify(report.run) !== JSON.stringify(config)) return null
  const { run: _, ...comparison } = report
  return comparison
}

function trainModel(
  run: TrainingRun,
  config: RunConfig,
  model: Llama,
  data: PreparedData,
  storage: Awaited<ReturnType<typeof fileStorage>>,
  onProgress: (event: ProgressEvent) => void,
): Promise<TrainResult> {
  const { batchSize, contextLength, steps } = config
  const loss = ({ inputs, targets, firsts }: TokenBatch) =>
    crossEntropy(model.forward(inputs, firsts ? { firsts } : {}), targets)
  return train<TokenBatch>({
    model,
    optimizer: new AdamW(model, { beta1: 0.9, beta2: 0.95, weightDecay: 0.1 }),
    loss,
    batches: tokenBatches(data.train, { batchSize, contextLength, seed: config.seed }),
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
        batches: heldOutBatches(data.heldOut, { batchSize, contextLength, count: EVALUATION_BATCHES }),
        bytesPerToken: data.bytesPerToken,
      }),
    },
    checkpoint: { storage, name: CHECKPOINT_FILE, every: run.checkpointEvery, config, resume: run.resume },
    ...(run.signal ? { signal: run.signal } : {}),
    onProgress,
  })
}

function showProgress(line: ReturnType<typeof progressLine>, folder: string): (event: ProgressEvent) => void {
  return (event) => {
    if (event.type === 'resumed') {
      line.note(`going on from the checkpoint of step ${event.step} of ${event.steps} in ${folder}`)
    } else if (event.type === 'step') {
      const { step, steps } = event
      const rate = `${Math.round(event.tokensPerSecond).toLocaleString('en')} tokens/s`
      const left = `${duration(event.remainingSeconds)} left`
      line.update(
        `${bar(step / steps)} step ${step}/${steps}  loss ${event.loss.toFixed(3)}  ${rate}  ${left}`,
        step === steps,
      )
    } else if (event.type === 'evaluation') {
      const { nats, bitsPerByte } = event.evaluation
      line.note(`step ${event.step}: held-out ${nats.toFixed(3)} nats a token, ${bitsPerByte.toFixed(3)} bits a byte`)
    }
  }
}
