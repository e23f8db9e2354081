import { OptionError } from '../data-filter-error.js'
import type { JsonValue } from '../document.js'
import type { Filter } from '../filters/filter.js'
import { checksumOf } from '../manifest/checksum.js'
import type { Reader } from '../read-record.js'
import type { Storage, StoredFile } from '../storage.js'
import { type DuplicateOptions, describeDuplicates } from './duplicate-options.js'
import type { PageExtraction } from './page-extraction.js'
import { planShards } from './shard-plan.js'

/** How texts become tokens. */
export interface TokenOptions {
  /** Of the tokenizer, with what tells it from others of that name. */
  readonly name: string
  readonly vocabularySize: number
  /** Put behind each document. */
  readonly endToken: number
  readonly encode: (text: string) => ArrayLike<number>
}

export interface PipelineOptions {
  readonly inputs: Storage
  /** The files to read, in their order. */
  readonly files: readonly StoredFile[]
  /** Which reader takes a file. */
  readonly reader: (name: string) => Reader
  /** How documents whose `content_type` is `text/html` become texts. Left out, they are filtered as they are. */
  readonly extraction?: PageExtraction
  /** What documents go through before duplicates are looked for. */
  readonly filters: readonly Filter[]
  /** Looked for among what the first filters keep; see `nearDuplicates`. */
  readonly duplicates?: DuplicateOptions
  /** What the documents that are left go through. */
  readonly lastFilters?: readonly Filter[]
  /** Writes tokens of the documents that are left, beside them. */
  readonly tokens?: TokenOptions
  /** Groups of files that are worked on as a whole; one a file unless given. */
  readonly shards?: number
  /** Keeps what was dropped or skipped, with the reason. */
  readonly keepDropped?: boolean
  /** Keeps what was measured of every document, and by all filters, so that other thresholds can be tried without the texts. */
  readonly attributes?: boolean
  /** Records after which a task saves where it is, 1000 unless given; or eight million characters of text or markup, whichever comes first. */
  readonly segmentRecords?: number
  /** Bytes that a record may have; see ReadOptions. */
  readonly maxRecordBytes?: number
  /** What else decides on the results: settings of your own filters and readers. Another value is another pipeline. */
  readonly settings?: JsonValue
}

/** What is done to data, in full: tasks that have the same pipeline make the same files. */
export interface Pipeline {
  readonly options: PipelineOptions
  /** The files of each shard. */
  readonly shards: readonly (readonly StoredFile[])[]
  /** All that decides on the results, as data. */
  readonly description: JsonValue
  /** A checksum of the description. */
  readonly fingerprint: string
}

/** Checks a pipeline and gives it its fingerprint. Throws OptionError. */
export async function definePipeline(options: PipelineOptions): Promise<Pipeline> {
  const { files, filters, lastFilters = [], tokens, extraction, duplicates, segmentRecords = 1000 } = options
  if (files.length === 0) {
    throw new OptionError('pipeline: files', 'at least one file', 'none', 'See what list gives of the input storage.')
  }
  const names = [...filters, ...lastFilters].map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) {
    throw new OptionError('pipeline: filters', 'filters of different names', `two "${twice}"`, 'Name one otherwise.')
  }
  if (!(Number.isInteger(segmentRecords) && segmentRecords >= 1)) {
    throw new OptionError('pipeline: segmentRecords', 'a whole number of at least 1', `${segmentRecords}`)
  }
  const parts = duplicates?.parts ?? 1
  if (!(Number.isInteger(parts) && parts >= 1 && parts <= 100)) {
    throw new OptionError('pipeline: duplicates.parts', 'a whole number from 1 to 100', `${parts}`)
  }
  const shards = planShards(files, options.shards ?? files.length)
  const description: JsonValue = {
    version: 1,
    files: files.map(({ name, bytes }) => [name, bytes]),
    shards: shards.map((shard) => shard.length),
    readers: [...new Set(files.map(({ name }) => options.reader(name).format))],
    extraction: extraction?.settings ?? null,
    filters: filters.map(describe),
    duplicates: duplicates ? describeDuplicates(duplicates) : null,
    lastFilters: lastFilters.map(describe),
    tokens: tokens ? { name: tokens.name, vocabularySize: tokens.vocabularySize, endToken: tokens.endToken } : null,
    keepDropped: options.keepDropped ?? false,
    attributes: options.attributes ?? false,
    segmentRecords,
    maxRecordBytes: options.maxRecordBytes ?? null,
    settings: options.settings ?? null,
  }
  return { options, shards, description, fingerprint: await checksumOf(JSON.stringify(description)) }
}

const describe = ({ name, rules, settings }: Filter): JsonValue => ({
  name,
  rules: rules.map(({ statistic, drops, than, reason }) => ({ statistic, drops, than, reason })),
  settings: settings ?? null,
})
