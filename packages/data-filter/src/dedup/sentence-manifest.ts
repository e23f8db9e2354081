import type { CheckedFile } from '../manifest/checked-file.js'
import { type ManifestHead, readManifest } from '../manifest/manifest-file.js'
import type { RecordShape } from '../minhash/record-sort.js'
import { readShardSet, type ShardSet } from '../minhash/shard-set.js'
import type { Normalisation } from '../minhash/simplify-text.js'
import type { SortedFile } from '../minhash/sorted-file.js'
import type { Storage, StoredFile } from '../storage.js'

const SPANS = 'almanac.sentences.spans'
const DUPLICATES = 'almanac.sentences.duplicates'

/** What two spans must agree in to be comparable. */
export interface SentenceConfig {
  /** Sentences a span. */
  readonly sentences: number
  /** The splitter's name. */
  readonly splitter: string
  readonly normalisation: Normalisation
}

/** What stage 1 leaves beside the spans of a shard. */
export interface SpanManifest extends ManifestHead {
  readonly kind: typeof SPANS
  readonly config: SentenceConfig
  readonly rank: number
  readonly worldSize: number
  readonly inputs: readonly StoredFile[]
  readonly documents: number
  /** Four words a span, ascending: its hash, XXH64; the document's place in its shard; which sentence of it the span begins with. */
  readonly spans: SortedFile
  /** Twelve bytes a document: the content id, 64 bits, and the length of its text in UTF-16 units, 32 bits. */
  readonly contents: CheckedFile
}

/** What stage 2 leaves beside the duplicates of its part of the hashes. */
export interface SpanDuplicateManifest extends ManifestHead {
  readonly kind: typeof DUPLICATES
  /** The fingerprint of all shards' spans. */
  readonly spans: string
  readonly part: number
  readonly parts: number
  /** Two words a span that goes: the sentence that it begins with, and the document. Shard by shard, ascending in each. */
  readonly file: StoredFile
  /** By rank: how many, and the checksum of their bytes. */
  readonly shards: readonly { readonly duplicates: number; readonly checksum: string }[]
}

export const SPAN_SHAPE: RecordShape = { stride: 4, hashes: 1, precision: 64 }

const five = (number: number) => `${number}`.padStart(5, '0')
export const spanNames = (rank: number) => ({
  spans: `${five(rank)}.spans`,
  blocks: `${five(rank)}.blocks`,
  contents: `${five(rank)}.contents`,
  manifest: `${five(rank)}.manifest.json`,
  runs: `runs/${five(rank)}/`,
})
export const duplicateNames = (part: number) => ({
  file: `part_${five(part)}.duplicates`,
  manifest: `part_${five(part)}.manifest.json`,
  runs: `runs/part_${five(part)}/`,
})

export const spanManifest = (fields: Omit<SpanManifest, 'kind' | 'version'>): SpanManifest => ({
  kind: SPANS,
  version: 1,
  ...fields,
})
export const duplicateManifest = (fields: Omit<SpanDuplicateManifest, 'kind' | 'version'>): SpanDuplicateManifest => ({
  kind: DUPLICATES,
  version: 1,
  ...fields,
})

export const readSpanManifest = (storage: Storage, rank: number): Promise<SpanManifest> =>
  readManifest<SpanManifest>(storage, spanNames(rank).manifest, SPANS)
export const readSpanSet = (storage: Storage): Promise<ShardSet<SpanManifest>> =>
  readShardSet(storage, readSpanManifest, (rank) => spanNames(rank).manifest)
export const readDuplicateManifest = (storage: Storage, part: number): Promise<SpanDuplicateManifest> =>
  readManifest<SpanDuplicateManifest>(storage, duplicateNames(part).manifest, DUPLICATES)
