// npm run experiment -- kv-cache: bytes of a key-value cache against quality.
import { machine, progress, studentInterval, writeResults } from '@almanac/experiment-shared'
import { setDefaultDevice, wasmDevice } from '@almanac/tensor-core'
import { measuredBytesPerToken } from './cache-bytes.js'
import { builtInCorpus, fileCorpus } from './corpus.js'
import { HELP, readOptions } from './options.js'
import type { Results, VariantResult } from './results.js'
import { runVariant } from './run-variant.js'
import { SmallDecoder } from './small-decoder.js'
import { feedForwardWidth, SHAPE, VARIANTS } from './variants.js'

const [BATCH, CONTEXT, HELD_OUT] = [16, 128, 24]

async function main(): Promise<void> {
  const { text, steps, seeds: count, threads, out, help } = readOptions(process.argv.slice(2))
  if (help) return console.log(HELP)
  const corpus = text ? fileCorpus(text) : builtInCorpus()
  const device = wasmDevice(threads === undefined ? {} : { threads })
  setDefaultDevice(device)
  const seeds = Array.from({ length: count }, (_, i) => i + 1)
  const show = progress(VARIANTS.length * count)
  const begin = performance.now()
  const scores = VARIANTS.map((): number[] => [])
  // Seed by seed, so that what disturbs the machine disturbs all variants.
  for (const [i, seed] of seeds.entries()) {
    for (const [j, variant] of VARIANTS.entries()) {
      const run = i * VARIANTS.length + j
      const score = await runVariant(variant, corpus, seed, {
        ...{ shape: SHAPE, steps, batchSize: BATCH, contextLength: CONTEXT, heldOut: HELD_OUT },
        onProgress: (share, loss) => show(run, share, `${variant.name}, seed ${seed}: loss ${loss.toFixed(3)}`),
      })
      scores[j]?.push(score)
      show(run, 1, `${variant.name}, seed ${seed}: ${score.toFixed(4)} bits a byte held out`)
    }
  }
  const first = scores[0] as number[]
  const variants: VariantResult[] = []
  for (const [j, variant] of VARIANTS.entries()) {
    const bitsPerByte = scores[j] as number[]
    const differences = bitsPerByte.map((score, i) => score - (first[i] as number))
    variants.push({
      name: variant.name,
      parameters: new SmallDecoder(variant, SHAPE).parameterCount(),
      feedForward: feedForwardWidth(variant, SHAPE),
      bytesPerToken: await measuredBytesPerToken(variant, SHAPE),
      bitsPerByte,
      mean: bitsPerByte.reduce((a, b) => a + b, 0) / bitsPerByte.length,
      difference: j === 0 ? null : studentInterval(differences),
    })
  }
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    command: `npm run experiment -- kv-cache --steps ${steps} --seeds ${count}${text ? ' --text <path>' : ''}`,
    text: corpus.name,
    ...{ steps, tokensPerStep: BATCH * CONTEXT, seeds },
    machine: machine(),
    minutes: Number(((performance.now() - begin) / 60_000).toFixed(1)),
    variants,
  }
  writeResults('kv-cache', results, out)
  await device.close()
}

try {
  await main()
} catch (error) {
  if (!(error instanceof RangeError) && (error as { code?: string }).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
    throw error
  console.error((error as Error).message)
  process.exitCode = 2
}
