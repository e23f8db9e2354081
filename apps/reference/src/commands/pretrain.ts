import { BACKENDS, chooseDevice } from '../choose-device.js'
import type { Command } from '../command.js'
import { builtInCorpus, fileCorpus } from '../corpus.js'
import { LEAST_VOCABULARY } from '../prepare-data.js'
import { readNumber, readOptions } from '../read-options.js'
import { readShape, SHAPE_OPTIONS } from '../read-shape.js'
import { runTraining } from '../run-training.js'
import { showResult } from '../show-result.js'
import { stopSignal } from '../stop-signal.js'
import { UsageError } from '../usage-error.js'

const OPTIONS = {
  text: { type: 'string', multiple: true },
  out: { type: 'string' },
  steps: { type: 'string' },
  batch: { type: 'string' },
  context: { type: 'string' },
  'learning-rate': { type: 'string' },
  ...SHAPE_OPTIONS,
  seed: { type: 'string' },
  'checkpoint-every': { type: 'string' },
  fresh: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  backend: { type: 'string' },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

export const pretrainCommand: Command = {
  name: 'pretrain',
  summary: 'train a Llama on text',
  help: `almanac pretrain --out <folder> [options]

Trains a tokenizer and a Llama from nothing: checkpoints, a log and at last the model in Hugging Face's files, in one folder. Run it
again with the same options and it goes on where it stopped.

  --out FOLDER            where everything goes
  --text FILE             text to train on, each file a document, may be repeated (default: messages to Congress, 10 MB)
  --vocab-size N          tokens of the tokenizer, 258 (bytes) or more (default 2048)
  --steps N               updates (default 800)
  --batch N               windows in a batch (default 8)
  --context N             tokens a window, and the longest text (default 256)
  --learning-rate N       highest rate of the cosine schedule (default 0.003)
  --hidden N --layers N --heads N --kv-heads N --ffn N
                          the model (default 128, 6, 4, as heads, 344)
  --seed N                weights and batches (default 0)
  --checkpoint-every N    updates between checkpoints (default 50)
  --fresh                 begin anew, whatever the folder holds
  --json                  the result as JSON on standard output
  --backend NAME          ${BACKENDS}
  --threads N             default: one a core`,
  async run(args) {
    const options = readOptions('pretrain', args, OPTIONS)
    const count = (name: 'steps' | 'batch' | 'context' | 'checkpoint-every', fallback: number) =>
      readNumber('pretrain', name, options[name], fallback, { least: 1, whole: true })
    if (options.out === undefined)
      throw new UsageError('pretrain: expected --out, got none. Name the folder for the checkpoint.')
    const steps = count('steps', 800)
    const contextLength = count('context', 256)
    const settings = {
      steps,
      batchSize: count('batch', 8),
      contextLength,
      learningRate: readNumber('pretrain', 'learning-rate', options['learning-rate'], 0.003, { least: 0 }),
      warmup: Math.min(steps, Math.max(1, Math.round(steps / 20))),
      seed: readNumber('pretrain', 'seed', options.seed, 0, { least: 0, whole: true }),
    }
    const model = {
      ...readShape('pretrain', options, LEAST_VOCABULARY),
      // Positions that were never trained give nonsense: texts are as long as the windows.
      maxPositions: contextLength,
    }
    const corpus = options.text ? await fileCorpus('pretrain', options.text) : await builtInCorpus()
    const device = await chooseDevice('pretrain', options.backend, options.threads)
    const stop = stopSignal()
    const run = await runTraining({
      config: { model, ...settings },
      corpus,
      folder: options.out,
      resume: !options.fresh,
      checkpointEvery: count('checkpoint-every', 50),
      signal: stop.signal,
    })
    stop.release()
    await device.close()
    const { result, comparison } = run
    if (options.json) {
      console.log(
        JSON.stringify({
          step: result.step,
          resumedFrom: result.resumedFrom,
          loss: result.losses.at(-1),
          losses: [...result.losses],
          heldOut: result.evaluations.at(-1),
          comparison,
        }),
      )
      return
    }
    console.log(showResult(run))
    console.log(`next: almanac serve --checkpoint ${options.out}`)
  },
}
