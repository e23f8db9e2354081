import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Benchmark, decontamination, type Filter, PROFILES, personalData, words } from '@almanac/data-filter'
import { openStorage, readDocuments, readerFor } from '@almanac/data-filter/io'
import {
  type EldSize,
  type LanguageIdentifier,
  languageFilter,
  openEld,
  openFastTextModel,
} from '@almanac/data-filter/language'
import { FINEWEB_MINHASH } from '@almanac/data-filter/minhash'
import {
  definePipeline,
  exactDuplicates,
  nearDuplicates,
  type Pipeline,
  type PipelineOptions,
  pooledExtraction,
} from '@almanac/data-filter/pipeline'
import { EXAMPLE_URL_LISTS, parseUrlList, urlFilter } from '@almanac/data-filter/url'
import { readNamedFile } from '../read-file.js'
import { UsageError } from '../usage-error.js'
import type { FilterJob } from './filter-job.js'
import { readTokenEncoder } from './token-encoder.js'

/** The words that signatures are made of; the name tells later versions that they are others. */
const WORDS = 'almanac-words-1'

/** Address of the command's own file, which worker threads load again: it exports what they run. */
export const ownEntry = (): string => pathToFileURL(process.argv[1] as string).href

/** `work` opens all that documents are measured with; `look` only says what it is, for those who start others or read results. */
export type PipelineUse = 'work' | 'look'

/**
 * A job's pipeline. In a worker thread the command's address must be given. Throws UsageError for files that it names and that cannot be
 * read, OptionError.
 */
export async function pipelineOf(job: FilterJob, use: PipelineUse, entry: string = ownEntry()): Promise<Pipeline> {
  const profile = PROFILES[job.profile]
  const first: Filter[] = []
  if (job.urlLists !== null) {
    first.push(urlFilter(await readUrlLists(job.urlLists)))
  }
  const identifier = use === 'work' ? await openIdentifier(job.languageModel) : namedIdentifier(job.languageModel)
  first.push(
    languageFilter({ identifier, profile: job.profile, ...(job.languages ? { languages: job.languages } : {}) }),
  )
  const filters = profile.filters()
  const late = new Set(profile.afterDeduplication)
  const tokens = job.tokenizer === null ? null : await readTokenEncoder(job.tokenizer)
  return definePipeline({
    inputs: openStorage(job.inputs.location),
    files: job.inputs.files,
    reader: readerFor,
    ...(job.extractor === 'none'
      ? {}
      : { extraction: pooledExtraction({ extractor: job.extractor, timeoutMs: job.timeoutMs, entry }) }),
    filters: [...first, ...filters.filter(({ name }) => !late.has(name))],
    ...(await duplicatesOf(job)),
    lastFilters: [
      ...filters.filter(({ name }) => late.has(name)),
      ...(job.benchmarks.length > 0 ? [decontamination({ benchmarks: await readBenchmarks(job.benchmarks) })] : []),
      ...(job.personalData ? [personalData({ restart: 'document' })] : []),
    ],
    ...(tokens ? { tokens } : {}),
    shards: job.shards,
    keepDropped: job.keepDropped,
    attributes: job.attributes,
    settings: { profile: job.profile },
  })
}

const ELD = /^eld(?:-(large|medium|small|extrasmall))?$/

async function openIdentifier(model: string): Promise<LanguageIdentifier> {
  const size = (ELD.exec(model)?.[1] ?? 'medium') as EldSize
  if (ELD.test(model)) return openEld({ size })
  return openFastTextModel(await readNamedFile('filter', 'language-model', model), { name: basename(model) })
}

/** Of the same name as the one that is opened, so that the pipeline is the same; the memory for its tables is the threads'. */
function namedIdentifier(model: string): LanguageIdentifier {
  const name = ELD.test(model) ? `eld-${ELD.exec(model)?.[1] ?? 'medium'}` : basename(model)
  return {
    name,
    identify() {
      throw new Error(`${name} is not open here`)
    },
  }
}

async function duplicatesOf(job: FilterJob): Promise<Pick<PipelineOptions, 'duplicates'>> {
  if (job.duplicates === 'none') return {}
  if (job.duplicates === 'exact') return { duplicates: await exactDuplicates({ keep: job.keep }) }
  const { normalisation } = PROFILES[job.profile]
  return {
    duplicates: nearDuplicates({
      config: { ...FINEWEB_MINHASH, hash: job.duplicates, normalisation, tokenizer: WORDS },
      tokenize: words,
      keep: job.keep,
      ...(job.similarity === null ? {} : { threshold: job.similarity }),
    }),
  }
}

/** Each file a benchmark; the texts of its documents are what must not be trained on. */
async function readBenchmarks(files: readonly string[]): Promise<Benchmark[]> {
  const benchmarks: Benchmark[] = []
  for (const file of files) {
    const texts: string[] = []
    const folder = openStorage(dirname(resolve(file)))
    for await (const record of readDocuments(folder, [basename(file)]))
      if ('document' in record) texts.push(record.document.text)
    if (texts.length === 0) {
      throw new UsageError(
        `filter: expected documents with a text in --benchmark ${file}, got none. See "almanac filter --help".`,
      )
    }
    benchmarks.push({ name: basename(file), texts })
  }
  return benchmarks
}

const LIST_FILES = {
  domains: 'domains.txt',
  urls: 'urls.txt',
  bannedWords: 'banned_words.txt',
  bannedSubwords: 'banned_subwords.txt',
  softBannedWords: 'soft_banned_words.txt',
} as const

/** The lists of a folder, each missing one empty; `example` is the package's own. */
async function readUrlLists(folder: string) {
  if (folder === 'example') return EXAMPLE_URL_LISTS
  const entries = await Promise.all(
    Object.entries(LIST_FILES).map(async ([key, file]) => {
      const text = await readFile(join(folder, file), 'utf8').catch(() => '')
      return [key, parseUrlList(text)] as const
    }),
  )
  return Object.fromEntries(entries)
}
