import { generate, packWeights } from '@almanac/language-model'
import { BACKENDS, chooseDevice } from '../choose-device.js'
import type { Command } from '../command.js'
import { loadModel } from '../load-model.js'
import { readNumber, readOptions } from '../read-options.js'
import { UsageError } from '../usage-error.js'
import { WEIGHT_FORMAT_NAMES, WEIGHT_FORMATS } from '../weight-formats.js'

const OPTIONS = {
  checkpoint: { type: 'string' },
  tokenizer: { type: 'string' },
  prompt: { type: 'string', default: '' },
  temperature: { type: 'string' },
  'top-k': { type: 'string' },
  'top-p': { type: 'string' },
  seed: { type: 'string' },
  'max-tokens': { type: 'string' },
  quantize: { type: 'string' },
  backend: { type: 'string' },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

export const generateCommand: Command = {
  name: 'generate',
  summary: 'write text with a trained model',
  help: `almanac generate --checkpoint <file or folder> [options]

Writes text to standard output, and nothing else there.

  --checkpoint PATH    a llama2.c .bin file, or a folder written by pretrain or demo
  --tokenizer FILE     tok.bin, for a llama2.c checkpoint
  --prompt TEXT        what to go on from (default: nothing)
  --temperature N      0 takes the likeliest token each time (default 1)
  --top-k N            draw from the N likeliest
  --top-p N            draw from the likeliest up to this probability
  --seed N             the same seed gives the same text (default 0)
  --max-tokens N       tokens to write (default 256)
  --quantize NAME      pack the weights first: q8_0 or q4_0
  --backend NAME       ${BACKENDS}
  --threads N          default: one a core`,
  async run(args) {
    const options = readOptions('generate', args, OPTIONS)
    const number = (
      name: 'temperature' | 'top-k' | 'top-p' | 'seed' | 'max-tokens',
      fallback: number,
      range: Parameters<typeof readNumber>[4],
    ) => readNumber('generate', name, options[name], fallback, range)
    if (options.checkpoint === undefined) {
      throw new UsageError(
        'generate: expected --checkpoint, got none. Name a llama2.c file or a folder written by "almanac pretrain".',
      )
    }
    const maxTokens = number('max-tokens', 256, { least: 1, whole: true })
    const temperature = number('temperature', 1, { least: 0 })
    const topP = number('top-p', 1, { least: Number.MIN_VALUE, most: 1 })
    const seed = number('seed', 0, { least: 0, whole: true })
    const topK = options['top-k'] === undefined ? {} : { topK: number('top-k', 1, { least: 1, whole: true }) }
    const format = WEIGHT_FORMAT_NAMES.find((name) => name === options.quantize)
    if (options.quantize !== undefined && format === undefined) {
      throw new UsageError(
        `generate: expected --quantize ${WEIGHT_FORMAT_NAMES.join(' or ')}, got '${options.quantize}'.`,
      )
    }
    const device = await chooseDevice('generate', options.backend, options.threads)
    const { model, tokenizer, eosIds } = await loadModel('generate', options.checkpoint, options.tokenizer)
    if (options.prompt === '' && tokenizer.bosId === undefined) {
      throw new UsageError('generate: expected --prompt for a model without a beginning-of-text token, got none.')
    }
    if (format) packWeights(model, WEIGHT_FORMATS[format])
    process.stdout.write(options.prompt)
    for await (const piece of generate(model, tokenizer, options.prompt, {
      temperature,
      ...topK,
      topP,
      seed,
      maxTokens,
      stopIds: eosIds,
    })) {
      process.stdout.write(piece)
    }
    process.stdout.write('\n')
    await device.close()
  },
}
