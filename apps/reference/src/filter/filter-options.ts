import { OptionError, PROFILES, type ProfileName } from '@almanac/data-filter'
import { openStorage } from '@almanac/data-filter/io'
import { readNumber } from '../read-options.js'
import { UsageError } from '../usage-error.js'
import { findInputs } from './filter-inputs.js'
import type { FilterJob } from './filter-job.js'

export const FILTER_OPTIONS = {
  out: { type: 'string' },
  profile: { type: 'string' },
  languages: { type: 'string' },
  'language-model': { type: 'string' },
  'url-lists': { type: 'string' },
  extractor: { type: 'string' },
  timeout: { type: 'string' },
  duplicates: { type: 'string' },
  keep: { type: 'string' },
  similarity: { type: 'string' },
  'no-personal-data': { type: 'boolean' },
  benchmark: { type: 'string', multiple: true },
  tokenizer: { type: 'string' },
  shards: { type: 'string' },
  'keep-dropped': { type: 'boolean' },
  attributes: { type: 'boolean' },
  threads: { type: 'string' },
  replay: { type: 'boolean' },
  threshold: { type: 'string', multiple: true },
  launcher: { type: 'string' },
  image: { type: 'string' },
  parallelism: { type: 'string' },
  'launcher-out': { type: 'string' },
  stage: { type: 'string' },
  rank: { type: 'string' },
  'world-size': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** The options as they were given. */
export type FilterArguments = {
  readonly [K in keyof typeof FILTER_OPTIONS]?:
    | ((typeof FILTER_OPTIONS)[K]['type'] extends 'boolean'
        ? boolean
        : K extends 'threshold' | 'benchmark'
          ? string[]
          : string)
    | undefined
}

export const FILTER_HELP = `almanac filter <inputs> --out <folder> [options]

Makes training data of web pages as FineWeb does: main text of pages, languages, Gopher's, C4's and FineWeb's rules, near duplicates, personal
data, tokens. Inputs are files and folders of WARC, JSON lines, Parquet, HTML or text (.gz too), or one place s3://bucket/prefix. Stopped at
any moment and run again it goes on where it was.

  --out PLACE            where everything goes: a folder, or s3://bucket/prefix
  --profile NAME         ${Object.keys(PROFILES).join(', ')} (default fineweb-2024-05)
  --languages LIST       languages to keep, as en,de; all keeps every one that is clear (default en)
  --language-model NAME  eld, which needs no file, eld-small or eld-large, or a fastText model's file: lid.176.bin, .ftz (default eld)
  --url-lists FOLDER     domains.txt, urls.txt, banned_words.txt, banned_subwords.txt, soft_banned_words.txt; "example" for a short own list
  --extractor NAME       readability, density, none (default readability)
  --timeout MS           that a page may take (default 10000)
  --duplicates NAME      hash of MinHash: sha1 (as the paper) or xxhash64; exact, or none (default sha1)
  --keep NAME            which of a cluster stays: first, longest (default first)
  --similarity N         measures every pair and leaves those below N, from 0 to 1, alone (default: a shared bucket is enough)
  --no-personal-data     leaves e-mail and IP addresses as they are
  --benchmark FILE       drops documents that share 13 words in a row with a text of it; may be repeated
  --tokenizer FOLDER     also writes tokens, by the tokenizer.json of "almanac tokenize"
  --shards N             groups of files that are worked on as a whole (default: one a file, up to 1000)
  --keep-dropped         keeps what was dropped, with the reason
  --attributes           keeps what was measured of every document, for --replay
  --threads N            (default: one a core)
  --json                 the result as JSON on standard output

Other thresholds on what a run with --attributes measured, without reading a text again:
  almanac filter --replay --out <folder> [--profile NAME] [--threshold gopher-quality/gopher_short_doc=40 ...]

On a cluster, out of one folder or bucket that all machines see:
  almanac filter <inputs> --out <place> --launcher k8s --image IMAGE [--parallelism N] [--launcher-out FOLDER]
  almanac filter <inputs> --out <place> --launcher slurm [--parallelism N] [--launcher-out FOLDER]
  almanac filter --out <place> --stage NAME --rank N|env --world-size N    one task of a stage, which these files run`

/** The place of the results. Throws UsageError. */
export function readOut({ out }: FilterArguments): string {
  if (out !== undefined && out !== '') return out
  throw new UsageError('filter: expected --out, got none. Name the folder for the results.')
}

/** What options and inputs ask for. Throws UsageError. */
export async function readFilterJob(inputs: readonly string[], options: FilterArguments): Promise<FilterJob> {
  if (inputs.length === 0) {
    throw new UsageError('filter: expected files or folders to read, got none. See "almanac filter --help".')
  }
  const found = await findInputs(inputs)
  if (found.unknown.length > 0) {
    const [one] = found.unknown
    process.stderr.write(`filter: no reader for ${found.unknown.length} of the files, ${one} for one: left out\n`)
  }
  const count = found.files.length
  const languages = options.languages ?? 'en'
  return {
    almanac: 'filter-job',
    version: 1,
    inputs: { location: found.location, files: found.files },
    profile: readProfile(options.profile),
    languages: languages === 'all' ? null : languages.split(',').map((one) => one.trim()),
    languageModel: options['language-model'] ?? 'eld',
    urlLists: options['url-lists'] ?? null,
    extractor: readChoice('extractor', options.extractor, ['readability', 'density', 'none']),
    timeoutMs: readNumber('filter', 'timeout', options.timeout, 10_000, { least: 1, whole: true }),
    duplicates: readChoice('duplicates', options.duplicates, ['sha1', 'xxhash64', 'exact', 'none']),
    keep: readChoice('keep', options.keep, ['first', 'longest']),
    similarity:
      options.similarity === undefined
        ? null
        : readNumber('filter', 'similarity', options.similarity, 0, { least: 0, most: 1 }),
    personalData: !options['no-personal-data'],
    benchmarks: options.benchmark ?? [],
    tokenizer: options.tokenizer ?? null,
    shards: readNumber('filter', 'shards', options.shards, Math.min(count, 1000), {
      least: 1,
      most: count,
      whole: true,
    }),
    keepDropped: options['keep-dropped'] ?? false,
    attributes: options.attributes ?? false,
  }
}

export const readProfile = (name: string | undefined): ProfileName =>
  readChoice('profile', name ?? 'fineweb-2024-05', Object.keys(PROFILES) as ProfileName[])

/** One of a few names, the first if none was given. Throws UsageError. */
export function readChoice<T extends string>(option: string, value: string | undefined, choices: readonly T[]): T {
  if (value === undefined) return choices[0] as T
  if ((choices as readonly string[]).includes(value)) return value as T
  throw new UsageError(`filter: expected --${option} as ${choices.join(' or ')}, got '${value}'.`)
}

/** Storage of the results; a place that is none is a mistake of the caller. Throws UsageError. */
export function openOut(out: string) {
  try {
    return openStorage(out)
  } catch (error) {
    if (error instanceof OptionError) throw new UsageError(`filter: ${error.message}`)
    throw error
  }
}
