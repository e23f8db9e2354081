import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Filter, type JsonValue, PROFILES, personalData, words } from '@almanac/data-filter'
import { openStorage, readerFor } from '@almanac/data-filter/io'
import { languageFilter, openEld, openFastTextModel } from '@almanac/data-filter/language'
import { FINEWEB_MINHASH } from '@almanac/data-filter/minhash'
import { definePipeline, nearDuplicates, type Pipeline, pooledExtraction } from '@almanac/data-filter/pipeline'
import { EXAMPLE_URL_LISTS, parseUrlList, urlFilter } from '@almanac/data-filter/url'
import { readNamedFile } from '../read-file.js'
import type { FilterJob } from './filter-job.js'
import { readTokenEncoder } from './token-encoder.js'

/** The words that signatures are made of; the name tells later versions that they are others. */
const WORDS = 'almanac-words-1'

/** Address of the command's own file, which worker threads load again: it exports what they run. */
export const ownEntry = (): string => pathToFileURL(process.argv[1] as string).href

/**
 * A job's pipeline. In a worker thread the command's address must be given. Throws UsageError for files that it names and that cannot be
 * read, OptionError.
 */
export async function pipelineOf(job: FilterJob, entry: string = ownEntry()): Promise<Pipeline> {
  const profile = PROFILES[job.profile]
  const settings: Record<string, JsonValue> = { profile: job.profile }
  const first: Filter[] = []
  if (job.urlLists !== null) {
    const lists = await readUrlLists(job.urlLists)
    settings['urlLists'] = checksumOf(JSON.stringify(lists))
    first.push(urlFilter(lists))
  }
  const identifier =
    job.languageModel === 'eld'
      ? await openEld()
      : openFastTextModel(await readNamedFile('filter', 'language-model', job.languageModel), {
          name: basename(job.languageModel),
        })
  settings['languageModel'] = identifier.name
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
    ...(job.duplicates === 'none'
      ? {}
      : {
          duplicates: nearDuplicates({
            config: {
              ...FINEWEB_MINHASH,
              hash: job.duplicates,
              normalisation: profile.normalisation,
              tokenizer: WORDS,
            },
            tokenize: words,
            keep: job.keep,
            ...(job.similarity === null ? {} : { threshold: job.similarity }),
          }),
        }),
    lastFilters: [
      ...filters.filter(({ name }) => late.has(name)),
      ...(job.personalData ? [personalData({ restart: 'document' })] : []),
    ],
    ...(tokens ? { tokens } : {}),
    shards: job.shards,
    keepDropped: job.keepDropped,
    attributes: job.attributes,
    settings,
  })
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

const checksumOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
