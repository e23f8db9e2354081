import { generate } from '@almanac/language-model'
import { BACKENDS, chooseDevice } from '../choose-device.js'
import type { Command } from '../command.js'
import { builtInCorpus, corpusBytes, fileCorpus } from '../corpus.js'
import { LEAST_VOCABULARY } from '../prepare-data.js'
import { readNumber, readOptions } from '../read-options.js'
import { runTraining } from '../run-training.js'
import { showResult } from '../show-result.js'
import { startServer } from '../start-server.js'
import { stopSignal, untilStopped } from '../stop-signal.js'
import { DEFAULT_PORT } from './serve.js'

/** Updates of the demo: about four and a half minutes on two cores. */
const STEPS = 1100
const PROMPT = 'Fellow citizens of the Senate and '

const OPTIONS = {
  out: { type: 'string', default: 'almanac-demo' },
  text: { type: 'string', multiple: true },
  'vocab-size': { type: 'string' },
  steps: { type: 'string' },
  batch: { type: 'string' },
  context: { type: 'string' },
  fresh: { type: 'boolean', default: false },
  backend: { type: 'string' },
  threads: { type: 'string' },
  port: { type: 'string' },
  'no-serve': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

export const demoCommand: Command = {
  name: 'demo',
  summary: 'train a small language model on real text and chat with it (npm start)',
  help: `almanac demo [options]

From text to a chat in one command: a tokenizer, a Llama of 1.4 million parameters trained on messages to Congress, held-out
loss beside what counting gives, then a server with a page to chat. Under six minutes on two cores. Stopped at any point and
started again it goes on.

  --out FOLDER      where everything goes (default almanac-demo)
  --text FILE       another text, may be repeated
  --vocab-size N    tokens of the tokenizer (default 2048)
  --steps N         updates (default ${STEPS})
  --batch N         windows in an update (default 8)
  --context N       tokens a window, and the longest text (default 256)
  --fresh           begin anew
  --backend NAME    ${BACKENDS}
  --threads N       default: one a core
  --port N          of the server (default ${DEFAULT_PORT})
  --no-serve        end after training`,
  async run(args) {
    const options = readOptions('demo', args, OPTIONS)
    const steps = readNumber('demo', 'steps', options.steps, STEPS, { least: 1, whole: true })
    const range = { least: LEAST_VOCABULARY, most: 65_536, whole: true }
    const vocabSize = readNumber('demo', 'vocab-size', options['vocab-size'], 2048, range)
    const port = readNumber('demo', 'port', options.port, DEFAULT_PORT, { least: 0, most: 65_535, whole: true })
    const corpus = options.text ? await fileCorpus('demo', options.text) : await builtInCorpus()
    const batchSize = readNumber('demo', 'batch', options.batch, 8, { least: 1, whole: true })
    const contextLength = readNumber('demo', 'context', options.context, 256, { least: 1, whole: true })
    const { out: folder, backend, threads } = options
    const device = await chooseDevice('demo', backend, threads)
    console.log(`text:   ${corpus.name}, ${(corpusBytes(corpus) / 1e6).toFixed(1)} MB, the last twentieth held out`)
    console.log(`model:  Llama (C 128, 6 layers, 4 heads, ffn 344), ${vocabSize} tokens of byte-level BPE`)
    console.log(
      `run:    ${steps} updates of ${batchSize} x ${contextLength} tokens; all of it in ${folder}/ (Ctrl-C stops, npm start goes on)`,
    )
    const stop = stopSignal()
    const run = await runTraining({
      config: {
        model: {
          vocabSize,
          hiddenSize: 128,
          intermediateSize: 344,
          layers: 6,
          heads: 4,
          kvHeads: 4,
          maxPositions: contextLength,
        },
        steps,
        batchSize,
        contextLength,
        learningRate: 4e-3,
        warmup: Math.min(steps, 50),
        seed: 0,
      },
      corpus,
      folder,
      resume: !options.fresh,
      checkpointEvery: 25,
      signal: stop.signal,
    })
    stop.release()
    if (run.result.resumedFrom === steps) {
      console.log(`already trained: ${folder} holds all ${steps} updates ("npm start -- --fresh" begins anew)`)
    }
    console.log(showResult(run))
    console.log('it writes:\n')
    process.stdout.write(`  ${PROMPT}`)
    const sampling = { temperature: 0.8, topP: 0.95, seed: 1, maxTokens: 80 }
    for await (const piece of generate(run.model, run.data.tokenizer, PROMPT, sampling)) {
      process.stdout.write(piece.replaceAll('\n', '\n  '))
    }
    console.log('\n')
    await device.close()
    if (options['no-serve']) {
      console.log(`next:   npm run --silent almanac -- serve --checkpoint ${folder}`)
      return
    }
    const server = await startServer({
      checkpoint: folder,
      port,
      ...(backend === undefined ? {} : { backend }),
      ...(threads === undefined ? {} : { threads }),
    })
    console.log(`chat:   ${server.url}/ (OpenAI's API at ${server.url}/v1; Ctrl-C ends it)`)
    await untilStopped()
    await server.close()
  },
}
