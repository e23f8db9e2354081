import { Llama, type LlamaCheckpoint, type LlamaConfig, llamaOf, readLlama2cTokenizer } from '@almanac/language-model'
import {
  chromeTrace,
  key,
  type MachinePeaks,
  measurePeaks,
  type ProfiledPhase,
  type ProfileGrouping,
  profile,
} from '@almanac/tensor-core'
import { stateDict } from '@almanac/tensor-core/nn'
import { BACKENDS, chooseDevice } from '../choose-device.js'
import type { Command } from '../command.js'
import { checkVocabulary } from '../load-model.js'
import { PHASES, profilePhase } from '../profile-phase.js'
import { bar, progressLine } from '../progress-line.js'
import { readCheckpoint } from '../read-checkpoint.js'
import { readNamedFile } from '../read-file.js'
import { readNumber, readOptions } from '../read-options.js'
import { readShape, SHAPE_OPTIONS, type ShapeOption } from '../read-shape.js'
import { phaseJson, showModel, showPhase } from '../show-phase.js'
import { UsageError } from '../usage-error.js'
import { WEIGHT_FORMAT_NAMES } from '../weight-formats.js'
import { checkWritable, writeNamedFile } from '../write-file.js'

const OPTIONS = {
  checkpoint: { type: 'string' },
  tokenizer: { type: 'string' },
  ...SHAPE_OPTIONS,
  what: { type: 'string', multiple: true },
  tokens: { type: 'string' },
  batch: { type: 'string' },
  steps: { type: 'string' },
  quantize: { type: 'string' },
  by: { type: 'string', default: 'op' },
  trace: { type: 'string' },
  json: { type: 'boolean', default: false },
  backend: { type: 'string' },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

type Options = ReturnType<typeof readOptions<typeof OPTIONS>>

const GROUPINGS = ['op', 'module', 'kernel'] as const
/** Tokens of a step, unless the model has fewer positions. */
const TOKENS = 256

export const profileCommand: Command = {
  name: 'profile',
  summary: 'measure a model kernel by kernel',
  help: `almanac profile [--checkpoint <file or folder>] [options]

Measures what a model does: time, bytes and FLOPs by op, as shares of what two probes reach on this machine (multiply-adds in
registers; reading memory), tokens a second, and memory. Without a checkpoint the weights are random.

  --checkpoint PATH    a llama2.c .bin file, or a folder written by pretrain or demo
  --tokenizer FILE     as for generate; not needed, for any tokens take the same time
  --hidden N --layers N --heads N --kv-heads N --ffn N --vocab-size N
                       the model of random weights (default 128, 6, 4, as heads, 344, 2048)
  --what NAME          prefill (a prompt), decode (one token after it) or train (one update); may be repeated
                       (default: all three, or the first two with --quantize)
  --tokens N           length of the prompt or of the training sequences (default ${TOKENS}, or the model's positions)
  --batch N            sequences in an update (default 8)
  --steps N            steps measured after one to warm up, once with the kernels' clock and once without; the medians
                       are shown (default 5)
  --quantize NAME      pack the weights first: q8_0 or q4_0
  --by NAME            rows by op (default), module (numbered layers together) or kernel
  --trace FILE         a timeline of every kernel, for Perfetto or chrome://tracing
  --json               one JSON object a phase on standard output
  --backend NAME       ${BACKENDS}
  --threads N          default: one a core

Other work on the machine makes times longer and peaks lower. A share may be more than 100 %: caches are faster than memory, and
look-ups and cache updates count the whole table that they touch a part of.`,
  async run(args) {
    const options = readOptions('profile', args, OPTIONS)
    const count = (name: 'tokens' | 'batch' | 'steps', fallback: number) =>
      readNumber('profile', name, options[name], fallback, { least: 1, whole: true })
    const by = oneOf('by', options.by, GROUPINGS) satisfies ProfileGrouping
    const quantize = options.quantize === undefined ? null : oneOf('quantize', options.quantize, WEIGHT_FORMAT_NAMES)
    const wanted = options.what?.map((name) => oneOf('what', name, PHASES)) ?? PHASES
    if (quantize && options.what && wanted.includes('train')) {
      throw new UsageError(
        'profile: expected --what prefill or decode with --quantize, got train. Packed weights are not trained.',
      )
    }
    const phases = PHASES.filter((phase) => wanted.includes(phase) && !(quantize && phase === 'train'))
    const [batch, steps, asked] = [count('batch', 8), count('steps', 5), count('tokens', TOKENS)]
    const read = await readWeights(options)
    const most = read?.config.maxPositions ?? asked
    const tokens = options.tokens === undefined ? Math.min(asked, most) : readTokens(options.tokens, most)
    const shape = read ? null : { ...readShape('profile', options, 1), maxPositions: tokens }
    if (options.trace !== undefined) await checkWritable('profile', 'trace', options.trace)

    const line = progressLine()
    const openDevice = () => chooseDevice('profile', options.backend, options.threads)
    const first = await openDevice()
    // A backend that cannot take times says so before anything is drawn.
    await profile(async () => {}, { device: first })
    line.update('measuring the machine')
    const weights = read ?? (await drawWeights(shape as LlamaConfig))
    let peaks = await measurePeaks(first)
    await first.close()
    const settings = { tokens, batch, quantize }
    const profiled: ProfiledPhase[] = []
    for (const phase of phases) {
      const device = await openDevice()
      const model = llamaOf(weights)
      const onStep = (done: number, of: number) => line.update(`${bar(done / of)} ${phase}: step ${done} of ${of}`)
      const result = await profilePhase(phase, model, { ...settings, steps, device, onStep })
      // Others may have been at work in one of the measurements: the best of all counts.
      peaks = higherPeaks(peaks, await measurePeaks(device))
      await device.close()
      line.clear()
      if (options.json) console.log(JSON.stringify(phaseJson(result, settings, peaks, by)))
      else {
        if (profiled.length === 0) console.log(showModel(model))
        console.log(`\n${showPhase(result, settings, peaks, by)}`)
      }
      profiled.push({ name: phase, profile: result.profile })
    }
    if (options.trace !== undefined) {
      await writeNamedFile('profile', 'trace', options.trace, `${JSON.stringify(chromeTrace(profiled))}\n`)
    }
    if (options.json) return
    console.log(
      options.trace === undefined
        ? '\nnext: --by module for the layers, --trace trace.json for a timeline of every kernel'
        : `\nnext: open ${options.trace} at https://ui.perfetto.dev or chrome://tracing`,
    )
  },
}

function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
  const found = known.find((name) => name === value)
  if (found !== undefined) return found
  const names = known.length > 1 ? `${known.slice(0, -1).join(', ')} or ${known.at(-1)}` : known[0]
  throw new UsageError(`profile: expected --${option} ${names}, got '${value}'.`)
}

function readTokens(text: string, most: number): number {
  return readNumber('profile', 'tokens', text, most, { least: 1, most, whole: true })
}

/** The weights of --checkpoint, or null where they are to be drawn. Throws UsageError for options that contradict it. */
async function readWeights({ checkpoint, tokenizer, ...options }: Options): Promise<LlamaCheckpoint | null> {
  if (checkpoint === undefined) {
    if (tokenizer === undefined) return null
    throw new UsageError('profile: expected --checkpoint with --tokenizer, got none. Random weights need neither.')
  }
  const size = (Object.keys(SHAPE_OPTIONS) as ShapeOption[]).find((name) => options[name] !== undefined)
  if (size !== undefined) {
    throw new UsageError(`profile: expected --checkpoint or --${size}, got both. The checkpoint has its own sizes.`)
  }
  const read = await readCheckpoint('profile', checkpoint)
  if (tokenizer !== undefined) {
    const bytes = await readNamedFile('profile', 'tokenizer', tokenizer)
    checkVocabulary('profile', readLlama2cTokenizer(bytes, tokenizer), read.config.vocabSize)
  }
  return read
}

/** Random weights, on the host: what drew them does not count as a phase's memory. */
async function drawWeights(config: LlamaConfig): Promise<LlamaCheckpoint> {
  return { config, tensors: await stateDict(new Llama(config).init(key(0))) }
}

function higherPeaks(a: MachinePeaks, b: MachinePeaks): MachinePeaks {
  return {
    gigaflops: Math.max(a.gigaflops, b.gigaflops),
    gigabytesPerSecond: Math.max(a.gigabytesPerSecond, b.gigabytesPerSecond),
  }
}
