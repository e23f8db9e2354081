import { parseArgs } from 'node:util'
import { wholeOption } from '@almanac/experiment-shared'
import { ARM_NAMES, type ArmName } from './arms.js'

export const HELP = `npm run experiment -- fineweb [options]

FineWeb's ablation at small size: a dirty corpus (half clean text, near-duplicates of it, generated junk) is trained on as it is,
filtered (the rules of fineweb-2024-05, then MinHash) and thinned at random to as many documents; each model sees as many bytes
as the others, with the same seeds and subsets, and is judged by clean text of other documents.

  --text FOLDER    .txt files, of which every eighth is held out (default: messages to Congress, from npm)
  --arms NAMES     separated by commas, raw and filtered among them (default raw,filtered,thinned)
                   others: gopher, c4, fineweb (the rules of one alone), dedup (MinHash alone)
  --steps N        updates of a run, of 2,048 bytes each (default 600)
  --seeds N        runs of an arm and a subset (default 2)
  --subsets N      parts of the corpus; seeds x subsets is 2 to 11 (default 2)
  --threads N      default: one a core
  --out FILE       where the results go (default: nowhere; they are printed)
  --help           this text`

export interface Options {
  readonly text: string | undefined
  readonly arms: readonly ArmName[]
  readonly steps: number
  readonly seeds: number
  readonly subsets: number
  readonly threads: number | undefined
  readonly out: string | undefined
  readonly help: boolean
}

const MOST_RUNS = 11

/** The options of a command line. Throws RangeError with what was expected. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      text: { type: 'string' },
      arms: { type: 'string', default: 'raw,filtered,thinned' },
      steps: { type: 'string', default: '600' },
      seeds: { type: 'string', default: '2' },
      subsets: { type: 'string', default: '2' },
      threads: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const whole = wholeOption('fineweb')
  const [seeds, subsets] = [whole('seeds', values.seeds, 1, MOST_RUNS), whole('subsets', values.subsets, 1, MOST_RUNS)]
  if (seeds * subsets < 2 || seeds * subsets > MOST_RUNS) {
    throw new RangeError(
      `fineweb: expected --seeds times --subsets from 2 to ${MOST_RUNS}, got ${seeds} x ${subsets}. An interval needs two runs an arm.`,
    )
  }
  return {
    ...{ text: values.text, arms: readArms(values.arms), seeds, subsets },
    steps: whole('steps', values.steps, 1),
    threads: values.threads === undefined ? undefined : whole('threads', values.threads, 1),
    ...{ out: values.out, help: values.help },
  }
}

function readArms(text: string): ArmName[] {
  const wanted = text.split(',')
  const unknown = wanted.find((name) => !(ARM_NAMES as readonly string[]).includes(name))
  if (unknown !== undefined) {
    throw new RangeError(`fineweb: expected --arms of ${ARM_NAMES.join(', ')}, got '${unknown}'.`)
  }
  if (!wanted.includes('raw') || !wanted.includes('filtered')) {
    throw new RangeError(`fineweb: expected --arms with raw and filtered, got '${text}'. They are what is compared.`)
  }
  return ARM_NAMES.filter((name) => wanted.includes(name))
}
