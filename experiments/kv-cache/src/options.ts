import { parseArgs } from 'node:util'
import { wholeOption } from '@almanac/experiment-shared'

export const HELP = `npm run experiment -- kv-cache [options]

Trains small decoders that differ in their attention alone (MHA, GQA, MQA, MLA, all with the same number of parameters) on the same
text from the same seeds, and weighs the bytes that a token takes in their caches against bits a byte on held-out text.

  --text FILE     another text, one token a byte (default: messages to Congress, from npm)
  --steps N       updates of a run (default 1500)
  --seeds N       runs of a variant, 2 to 11 (default 3)
  --threads N     default: one a core
  --out FILE      where the results go (default: nowhere; they are printed)
  --help          this text`

export interface Options {
  readonly text: string | undefined
  readonly steps: number
  readonly seeds: number
  readonly threads: number | undefined
  readonly out: string | undefined
  readonly help: boolean
}

/** The options of a command line. Throws RangeError with what was expected. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      text: { type: 'string' },
      steps: { type: 'string', default: '1500' },
      seeds: { type: 'string', default: '3' },
      threads: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const whole = wholeOption('kv-cache')
  return {
    text: values.text,
    steps: whole('steps', values.steps, 1),
    seeds: whole('seeds', values.seeds, 2, 11),
    threads: values.threads === undefined ? undefined : whole('threads', values.threads, 1),
    out: values.out,
    help: values.help,
  }
}
