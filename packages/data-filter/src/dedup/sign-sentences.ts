import { OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import { writeChecked } from '../manifest/checked-file.js'
import { checksumWords } from '../manifest/checksum.js'
import { littleEndianBytes } from '../manifest/little-endian.js'
import { writeManifest } from '../manifest/manifest-file.js'
import type { RecordReader } from '../minhash/record-reader.js'
import { recordSorter } from '../minhash/record-sorter.js'
import { type Normalisation, simplifyText } from '../minhash/simplify-text.js'
import { blockRecordsFor, sortedFileWriter } from '../minhash/sorted-file.js'
import type { Storage, StoredFile } from '../storage.js'
import { SPAN_SHAPE, type SpanManifest, spanManifest, spanNames } from './sentence-manifest.js'
import { SENTENCES, type SentenceSplitter } from './sentence-splitter.js'

export interface SignSentencesOptions {
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  readonly rank: number
  readonly worldSize: number
  /** Where the documents came from; stage 3 refuses others. */
  readonly inputs: readonly StoredFile[]
  readonly spans: Storage
  /** Sentences a span; 3 if left out. */
  readonly sentences?: number
  /** `SENTENCES` if left out. */
  readonly splitter?: SentenceSplitter
  readonly normalisation?: Normalisation
  /** For sorting; 256 MiB if left out. Where it is not enough, sorted runs lie in the storage for a while. */
  readonly memoryBytes?: number
}

/**
 * Stage 1 of removing repeated spans of sentences: the hashes of all runs of sentences of a shard's documents, sorted. Runs of
 * which nothing is left when they are made simple are nobody's duplicates, nor are documents of fewer sentences than a span.
 * Takes `memoryBytes` and 12 bytes a document. Throws OptionError.
 * Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 2.2, https://jmlr.org/papers/volume21/20-074/20-074.pdf;
 * datatrove 0.10, src/datatrove/pipeline/dedup/sentence_dedup.py.
 */
export async function signSentences(options: SignSentencesOptions): Promise<SpanManifest> {
  const { rank, worldSize, inputs, spans: storage, sentences = 3, splitter = SENTENCES } = options
  const { normalisation = 'datatrove-0.10', memoryBytes = 256 * 2 ** 20 } = options
  if (!(Number.isInteger(rank) && Number.isInteger(worldSize) && rank >= 0 && rank < worldSize)) {
    throw new OptionError('signSentences', 'a rank from 0 to below worldSize', `rank ${rank} of ${worldSize}`)
  }
  if (!(Number.isInteger(sentences) && sentences >= 1)) {
    throw new OptionError('signSentences: sentences', 'a whole number from 1 on', `${sentences}`)
  }
  const contentId = await contentIds()
  const names = spanNames(rank)
  const sorter = recordSorter(storage, names.runs, SPAN_SHAPE, memoryBytes)
  let contents = new Uint32Array(3 * 1024)
  let [documents, count] = [0, 0]
  try {
    for await (const { text } of options.documents) {
      if (3 * documents === contents.length) {
        const larger = new Uint32Array(2 * contents.length)
        larger.set(contents)
        contents = larger
      }
      contents.set(contentId(text), 3 * documents)
      contents[3 * documents + 2] = text.length
      const simple = piecesOf(text, splitter.ends(text)).map((piece) => simplifyText(piece, normalisation))
      for (let first = 0; first + sentences <= simple.length; first++) {
        const span = simple.slice(first, first + sentences).join(' ')
        if (span.trim() === '') continue
        const [low, high] = contentId(span) as unknown as [number, number]
        const wait = sorter.add(low, high, documents, first)
        if (wait) await wait
        count++
      }
      documents++
    }
    const writer = await sortedFileWriter(storage, names.spans, names.blocks, SPAN_SHAPE, blockRecordsFor(count))
    try {
      const { readers, merge } = await sorter.sorted()
      while (merge.reader >= 0) {
        const { records, at } = readers[merge.reader] as RecordReader
        await writer.push(records.subarray(at, at + SPAN_SHAPE.stride))
        const wait = merge.next()
        if (wait) await wait
      }
      const manifest = spanManifest({
        config: { sentences, splitter: splitter.name, normalisation },
        rank,
        worldSize,
        inputs: inputs.map(({ name, bytes }) => ({ name, bytes })),
        documents,
        spans: await writer.finish(),
        contents: await writeChecked(storage, names.contents, littleEndianBytes(contents.subarray(0, 3 * documents))),
      })
      await writeManifest(storage, names.manifest, manifest)
      return manifest
    } catch (error) {
      await writer.abort(error)
      throw error
    }
  } finally {
    await sorter.clear()
  }
}

/** The sentences of a text, each with the white space before it. */
export const piecesOf = (text: string, ends: readonly number[]): string[] =>
  ends.map((end, i) => text.slice(i > 0 ? (ends[i - 1] as number) : 0, end))

/** XXH64 of a text's UTF-8 as two words, the low one first. */
export async function contentIds(): Promise<(text: string) => Uint32Array> {
  const [hash, encoder] = [await checksumWords(), new TextEncoder()]
  return (text) => Uint32Array.from(hash(encoder.encode(text)))
}
