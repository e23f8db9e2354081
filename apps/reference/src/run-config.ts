import type { LlamaConfig } from '@almanac/language-model'

/** The file of a training run in its folder: model, optimiser, losses and settings. */
export const CHECKPOINT_FILE = 'checkpoint.safetensors'
/** The record of the run, a line an event. */
export const LOG_FILE = 'log.jsonl'
/** What the finished model was compared with. */
export const REPORT_FILE = 'report.json'

/** What a run was started with; a resumed one must agree. A type, so that it is plain JSON. */
export type RunConfig = {
  readonly model: LlamaConfig
  readonly corpus: string
  readonly corpusDigest: string
  readonly steps: number
  readonly batchSize: number
  readonly contextLength: number
  readonly learningRate: number
  readonly warmup: number
  readonly seed: number
}
