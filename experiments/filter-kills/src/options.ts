import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { wholeOption } from '@almanac/experiment-shared'

export const HELP = `npm run experiment -- filter-kills [options]

Runs "almanac filter" on a crawl made of varied and duplicated pages, from WARC to tokens, and on texts, from rules to tokens: once in
peace, and once killed with SIGKILL again and again in every stage. What both leave is compared byte for byte; memory is compared between a
tenth of the texts and all.

  --pages FOLDER     pages .html or .html.gz to make documents of (default: made of messages to Congress)
  --crawl N          documents of the crawl (default 5000; 0 for none)
  --texts N          texts (default 200000; 0 for none)
  --kills N          in each stage (default 5)
  --threads N        of almanac filter (default 2)
  --seed N           (default 1)
  --folder FOLDER    for the data, removed at the end (default: one for temporary files); takes 5 GB with the defaults
  --out FILE         writes the results (default: standard output)`

export interface KillsOptions {
  readonly pages: string | undefined
  readonly crawl: number
  readonly texts: number
  readonly kills: number
  readonly threads: number
  readonly seed: number
  readonly folder: string | undefined
  readonly out: string | undefined
  readonly help: boolean
}

/** Throws RangeError for what is no option or out of range. */
export function readOptions(args: readonly string[]): KillsOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      pages: text,
      crawl: text,
      texts: text,
      kills: text,
      threads: text,
      seed: text,
      folder: text,
      out: text,
      help: { type: 'boolean', default: false },
    },
  })
  const whole = wholeOption('filter-kills')
  const pages = values.pages === undefined ? undefined : resolve(values.pages)
  if (pages !== undefined && !existsSync(pages)) {
    throw new RangeError(`filter-kills: expected a folder for --pages, got nothing at ${values.pages}.`)
  }
  return {
    pages,
    crawl: whole('crawl', values.crawl ?? '5000', 0, 1_000_000),
    texts: whole('texts', values.texts ?? '200000', 0, 10_000_000),
    kills: whole('kills', values.kills ?? '5', 1, 100),
    threads: whole('threads', values.threads ?? '2', 1, 64),
    seed: whole('seed', values.seed ?? '1', 0, 2 ** 31),
    folder: values.folder,
    out: values.out,
    help: values.help,
  }
}
