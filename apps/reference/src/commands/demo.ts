import { generate } from '@almanac/language-model'
import { chooseDevice } from '../choose-device.js'
import type { Command } from '../command.js'
import { builtInCorpus } from '../corpus.js'
import { lossPlot } from '../loss-plot.js'
import { readNumber, readOptions } from '../read-options.js'
import type { RunConfig } from '../run-config.js'
import { runTraining } from '../run-training.js'
import { stopSignal } from '../stop-signal.js'

/** Updates of the demo: about four minutes on two cores. */
const STEPS = 1000
const PROMPT = 'Fellow citizens of the Senate and '

const OPTIONS = {
  out: { type: 'string', default: 'almanac-demo' },
  steps: { type: 'string' },
  fresh: { type: 'boolean', default: false },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

export const demoCommand: Command = {
  name: 'demo',
  summary: 'train a small language model on real text and write with it (npm start)',
  help: `almanac demo [options]

Trains a Llama of 1.2 million parameters on messages to Congress, byte by byte, and writes with it. Under five minutes on two cores.
Stopped and started again it goes on from the last checkpoint.

  --out FOLDER    where the checkpoint goes (default almanac-demo)
  --steps N       updates (default ${STEPS})
  --fresh         begin anew
  --threads N     default: one a core`,
  async run(args) {
    const options = readOptions('demo', args, OPTIONS)
    const steps = readNumber('demo', 'steps', options.steps, STEPS, { least: 1, whole: true })
    const corpus = await builtInCorpus()
    const config: RunConfig = {
      model: {
        vocabSize: 256,
        hiddenSize: 128,
        intermediateSize: 344,
        layers: 6,
        heads: 4,
        kvHeads: 4,
        maxPositions: 256,
      },
      tokenizer: 'bytes',
      corpus: corpus.name,
      corpusBytes: corpus.bytes.length,
      steps,
      batchSize: 8,
      contextLength: 256,
      learningRate: 4e-3,
      warmup: Math.min(steps, 50),
      seed: 0,
    }
    const device = await chooseDevice('demo', 'wasm', options.threads)
    console.log(`text:   ${corpus.name}, ${(corpus.bytes.length / 1e6).toFixed(1)} MB, the last 5 % held out`)
    console.log(`model:  Llama, 1.2M parameters (C 128, 6 layers, 4 heads, ffn 344), one token a byte`)
    console.log(
      `run:    ${steps} updates of 8 x 256 bytes; checkpoints in ${options.out}/ (Ctrl-C stops, npm start goes on)`,
    )
    const stop = stopSignal()
    const { model, result } = await runTraining({
      config,
      corpus,
      folder: options.out,
      resume: !options.fresh,
      checkpointEvery: 25,
      signal: stop.signal,
    })
    stop.release()
    if (result.resumedFrom === steps)
      console.log(`already trained: ${options.out} holds all ${steps} updates ("npm start -- --fresh" begins anew)`)
    const last = result.evaluations.at(-1)
    console.log(`loss:   ${lossPlot(result.losses)}`)
    console.log(
      `held out: ${last?.nats.toFixed(3)} nats a byte, ${last?.bitsPerByte.toFixed(3)} bits a byte (8 would be no idea at all)`,
    )
    console.log('it writes:\n')
    const { byteTokenizer } = await import('@almanac/language-model')
    process.stdout.write(`  ${PROMPT}`)
    for await (const piece of generate(model, byteTokenizer(), PROMPT, {
      temperature: 0.7,
      topP: 0.95,
      seed: 1,
      maxTokens: 220,
    })) {
      process.stdout.write(piece.replaceAll('\n', '\n  '))
    }
    console.log(
      `\n\nnext:   npm run --silent almanac -- generate --checkpoint ${options.out} --prompt "The state of the union" --temperature 0.8`,
    )
    await device.close()
  },
}
