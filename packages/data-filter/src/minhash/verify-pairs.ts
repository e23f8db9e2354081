import { OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import type { Storage, StoredFile } from '../storage.js'
import { type DocumentNumbers, documentNumbers } from './document-numbers.js'
import type { Minhasher } from './minhasher.js'
import { numberSet } from './number-set.js'
import { type PairManifest, readPairManifest } from './pair-manifest.js'
import { pairMeasurer } from './pair-measurer.js'
import { IN_INDEX, readAllPairs } from './pair-reader.js'
import { type PairWriter, pairWriter } from './pair-writer.js'
import type { RecordReader } from './record-reader.js'
import { recordSorter } from './record-sorter.js'
import { openShingles, type ShingleFile, type ShingleManifest, writeShingles } from './shingle-file.js'
import { readSignatureSet, type SignatureSet } from './signature-manifest.js'

export interface MeasureOptions {
  readonly signatures: Storage
  /** Stage 2's result, of all buckets and parts. */
  readonly pairs: Storage
  /** Another storage than that of the pairs; stage 3 takes it in their place. */
  readonly verified: Storage
  /** Least similarity, from 0 to 1, of pairs that stage 3 joins. */
  readonly threshold: number
  /**
   * Stage 2 pairs a document only with the one before it that has its hashes. Here it is compared with up to so many before it, so
   * that one unlike the others does not part two that are alike; 16 if left out, 1 for stage 2's pairs alone.
   */
  readonly neighbours?: number
  /** For sorting pairs, and for shingle hashes; 256 MiB if left out. */
  readonly memoryBytes?: number
}

export interface VerifyOptions extends MeasureOptions {
  /** The one that made the signatures. */
  readonly minhasher: Minhasher
  /** A shard's documents again, as stage 1 had them. */
  readonly documents: (rank: number) => AsyncIterable<Document> | Iterable<Document>
  /** The files that they come from; if left out, only the documents themselves are compared. */
  readonly inputs?: (rank: number) => readonly StoredFile[]
}

export interface VerifySummary {
  /** Different pairs that were measured, and how many of them are similar enough. */
  readonly measured: number
  readonly joined: number
  /** By bucket. A pair that several buckets name stands in the first of them. */
  readonly buckets: readonly PairManifest[]
}

/**
 * Between stages 2 and 3, on request: the true Jaccard similarity of every pair. A shared bucket only makes similarity likely; with
 * FineWeb's numbers about one pair in five of similarity 0.6 shares one. Every shard is read again, and compared with its content
 * ids; the shingle hashes of its paired documents go to files, from which those of the pairs are read back. Each different pair is
 * measured once. What is left is pairs in datatrove's format, the similarities beside them, and the pairs that are not similar
 * enough in a file of their own. Pairs with an index are kept, since the texts of an index are not there.
 *
 * Takes `memoryBytes`; 24 bytes for each paired document and a bit for every one; and two documents' hashes, however long they are.
 * For many shards on many machines call `shinglePaired` for each and then `measurePairs`: this does the same.
 * Throws OptionError, ManifestError and FormatError.
 */
export async function verifyPairs(options: VerifyOptions): Promise<VerifySummary> {
  checkMeasure(options)
  const set = await readSignatureSet(options.signatures)
  const numbers = documentNumbers(set.shards, 'verifyPairs')
  const paired = await pairedDocuments(options.pairs, set, numbers)
  for (let rank = 0; rank < set.shards.length; rank++) {
    const documents = options.documents(rank)
    await shingleShard({ ...options, rank, documents, inputs: options.inputs?.(rank) ?? null }, set, (document) =>
      paired.has((numbers.bases[rank] as number) + document),
    )
  }
  return measurePairs(options)
}

export interface ShinglePairedOptions extends Pick<VerifyOptions, 'signatures' | 'pairs' | 'verified' | 'minhasher'> {
  readonly rank: number
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  readonly inputs: readonly StoredFile[] | null
}

/** The first half of `verifyPairs` for one shard. */
export async function shinglePaired(options: ShinglePairedOptions): Promise<ShingleManifest> {
  const set = await readSignatureSet(options.signatures)
  if (!set.shards[options.rank]) {
    throw new OptionError('shinglePaired: rank', `one from 0 to ${set.shards.length - 1}`, `${options.rank}`)
  }
  const numbers = documentNumbers(set.shards, 'shinglePaired')
  const paired = await pairedDocuments(options.pairs, set, numbers)
  const base = numbers.bases[options.rank] as number
  return shingleShard(options, set, (document) => paired.has(base + document))
}

function shingleShard(
  { rank, documents, inputs, signatures, verified: storage, minhasher }: ShinglePairedOptions,
  { shards, config }: SignatureSet,
  isPaired: (document: number) => boolean,
): Promise<ShingleManifest> {
  const [wanted, has] = [config, minhasher.config].map((value) => JSON.stringify(value))
  if (wanted !== has) {
    throw new OptionError('verifyPairs: minhasher', `the signatures' configuration, ${wanted}`, `${has}`)
  }
  const shard = shards[rank] as (typeof shards)[number]
  return writeShingles({ documents, inputs, rank, shard, signatures, minhasher, isPaired, storage })
}

/** The second half of `verifyPairs`, when the shingles of all shards are there. */
export async function measurePairs(options: MeasureOptions): Promise<VerifySummary> {
  checkMeasure(options)
  const { signatures, pairs, verified, threshold, neighbours = 16, memoryBytes = 256 * 2 ** 20 } = options
  const set = await readSignatureSet(signatures)
  const numbers = documentNumbers(set.shards, 'measurePairs')
  const shingles: ShingleFile[] = []
  for (const [rank, shard] of set.shards.entries()) shingles.push(await openShingles(verified, rank, shard))
  const writers: PairWriter[] = []
  // By both documents, then by bucket.
  const sorter = recordSorter(verified, 'sorted-pairs/', { stride: 3, hashes: 1, precision: 64 }, memoryBytes / 2)
  try {
    for (let bucket = 0; bucket < set.config.buckets; bucket++) {
      writers.push(await pairWriter(verified, bucket, threshold))
    }
    // The documents before the current one that have its hashes in its bucket.
    let chain: number[] = []
    let chainBucket = -1
    // Whether these hashes are in an index: stage 2 says it of the first document, as datatrove does, and here it goes for all.
    let inIndex = false
    const withIndex = (rank: number, document: number, bucket: number) =>
      (writers[bucket] as PairWriter).add([IN_INDEX, IN_INDEX, rank, document], null)
    for await (const { words, bucket, where } of readAllPairs(pairs, set)) {
      for (let at = 0; at < words.length; at += 4) {
        const [rank, document, rankB, documentB] = words.subarray(at, at + 4) as unknown as Quad
        const b = numbers.number(rankB, documentB, where)
        if (rank === IN_INDEX && document === IN_INDEX) {
          const wait = withIndex(rankB, documentB, bucket)
          if (wait) await wait
          chain = [b]
          chainBucket = bucket
          inIndex = true
          continue
        }
        const a = numbers.number(rank, document, where)
        if (chain.at(-1) !== a || bucket !== chainBucket) {
          chain = [a]
          chainBucket = bucket
          inIndex = false
        }
        const wait = inIndex ? withIndex(rankB, documentB, bucket) : null
        if (wait) await wait
        for (const one of chain) {
          const wait = one < b ? sorter.add(b, one, bucket) : sorter.add(one, b, bucket)
          if (wait) await wait
        }
        if (chain.length === neighbours) chain.shift()
        chain.push(b)
      }
    }
    const { readers, merge } = await sorter.sorted()
    const measure = pairMeasurer(shingles, numbers, writers, { threshold, limit: memoryBytes / 2 })
    let [lastA, lastB] = [-1, -1]
    while (merge.reader >= 0) {
      const { records, at } = readers[merge.reader] as RecordReader
      const [b, a, bucket] = records.subarray(at, at + 3) as unknown as Quad
      if (a !== lastA || b !== lastB) {
        const wait = measure.add(a, b, bucket)
        if (wait) await wait
      }
      ;[lastA, lastB] = [a, b]
      const wait = merge.next()
      if (wait) await wait
    }
    await measure.flush()
    const buckets: PairManifest[] = []
    for (const [bucket, writer] of writers.entries()) {
      const { index } = await readPairManifest(pairs, bucket, 0)
      buckets.push(await writer.finish({ signatures: set.fingerprint, index }))
    }
    return { ...measure.counts, buckets }
  } catch (error) {
    for (const writer of writers) await writer.abort(error)
    throw error
  } finally {
    await sorter.clear()
  }
}

type Quad = readonly [number, number, number, number]

function checkMeasure({ threshold, pairs, verified, neighbours = 1 }: MeasureOptions): void {
  if (!(Number.isInteger(neighbours) && neighbours >= 1)) {
    throw new OptionError('verifyPairs: neighbours', 'a whole number from 1 on', `${neighbours}`)
  }
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new OptionError('verifyPairs: threshold', 'a similarity from 0 to 1', `${threshold}`)
  }
  if (pairs !== verified) return
  const hint = 'Files of the same names go to both.'
  throw new OptionError('verifyPairs: verified', 'another storage than that of the pairs', 'the same', hint)
}

/** Which documents are in a pair with another one. */
async function pairedDocuments(pairs: Storage, set: SignatureSet, numbers: DocumentNumbers) {
  const paired = numberSet(numbers.total)
  for await (const { words, where } of readAllPairs(pairs, set)) {
    for (let at = 0; at < words.length; at += 4) {
      if (words[at] === IN_INDEX && words[at + 1] === IN_INDEX) continue
      paired.add(numbers.number(words[at] as number, words[at + 1] as number, where))
      paired.add(numbers.number(words[at + 2] as number, words[at + 3] as number, where))
    }
  }
  return paired
}
