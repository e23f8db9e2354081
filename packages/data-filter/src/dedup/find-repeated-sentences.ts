import { OptionError } from '../data-filter-error.js'
import { checkSize } from '../manifest/checked-file.js'
import { checksums } from '../manifest/checksum.js'
import { littleEndianBytes } from '../manifest/little-endian.js'
import { writeManifest } from '../manifest/manifest-file.js'
import { boundsOfPart } from '../minhash/hash-range.js'
import { mergeRecords } from '../minhash/record-merge.js'
import { type RecordReader, recordReader } from '../minhash/record-reader.js'
import { recordSorter } from '../minhash/record-sorter.js'
import { readBlocks } from '../minhash/sorted-file.js'
import { streamedFile } from '../minhash/streamed-file.js'
import type { Storage } from '../storage.js'
import {
  duplicateManifest,
  duplicateNames,
  readSpanSet,
  SPAN_SHAPE,
  type SpanDuplicateManifest,
} from './sentence-manifest.js'

export interface FindSentencesOptions {
  /** Stage 1's result, of all shards. */
  readonly spans: Storage
  readonly duplicates: Storage
  /** Which part of the hashes this call takes, of how many; 0 of 1 if left out. */
  readonly part?: number
  readonly parts?: number
  /** Half for the buffers of all files together, of at least 16 KiB each, and half for sorting; 256 MiB if left out. */
  readonly memoryBytes?: number
}

const LARGEST = 4 * 1024 * 1024
const PIECE = 4096

/**
 * Stage 2: all spans but the first of each hash, by shard, document and place in it. (datatrove has the first by document and then
 * by shard.) Any number of parts gives the same. Throws OptionError and ManifestError.
 */
export async function findRepeatedSentences(options: FindSentencesOptions): Promise<SpanDuplicateManifest> {
  const { spans: storage, duplicates, part = 0, parts = 1, memoryBytes = 256 * 2 ** 20 } = options
  if (!(Number.isInteger(parts) && parts >= 1)) {
    throw new OptionError('findRepeatedSentences: parts', 'a whole number from 1 on', `${parts}`)
  }
  if (!(Number.isInteger(part) && part >= 0 && part < parts)) {
    throw new OptionError('findRepeatedSentences: part', `a whole number from 0 to ${parts - 1}`, `${part}`)
  }
  const { shards, fingerprint } = await readSpanSet(storage)
  const files = shards.map(({ spans }) => spans)
  const tables: Uint32Array[] = []
  for (const file of files) {
    await checkSize(storage, file)
    tables.push(await readBlocks(storage, file))
  }
  const bounds = boundsOfPart(files, tables, part, parts)
  const bufferBytes = Math.min(LARGEST, memoryBytes / 2 / files.length)
  const readers: RecordReader[] = []
  for (const [i, file] of files.entries()) {
    readers.push(await recordReader(storage, file, tables[i] as Uint32Array, SPAN_SHAPE, { ...bounds, bufferBytes }))
  }
  const names = duplicateNames(part)
  // By shard and document, then by sentence.
  const sorter = recordSorter(duplicates, names.runs, { stride: 3, hashes: 1, precision: 64 }, memoryBytes / 2)
  const output = streamedFile(duplicates, names.file)
  try {
    const merge = await mergeRecords(readers, SPAN_SHAPE)
    let [lastLow, lastHigh, any] = [0, 0, false]
    while (merge.reader >= 0) {
      const rank = merge.reader
      const { records, at } = readers[rank] as RecordReader
      const [low, high] = [records[at] as number, records[at + 1] as number]
      if (any && low === lastLow && high === lastHigh) {
        const wait = sorter.add(records[at + 2] as number, rank, records[at + 3] as number)
        if (wait) await wait
      }
      ;[lastLow, lastHigh, any] = [low, high, true]
      const wait = merge.next()
      if (wait) await wait
    }
    const newChecksum = await checksums()
    const counts = shards.map(() => ({ duplicates: 0, sum: newChecksum() }))
    const { readers: runs, merge: sorted } = await sorter.sorted()
    let [rows, rowsRank]: [number[], number] = [[], 0]
    const flush = async () => {
      const bytes = littleEndianBytes(Uint32Array.from(rows))
      counts[rowsRank]?.sum.update(bytes)
      rows = []
      await output.push(bytes)
    }
    while (sorted.reader >= 0) {
      const { records, at } = runs[sorted.reader] as RecordReader
      const rank = records[at + 1] as number
      if (rows.length > 0 && (rank !== rowsRank || rows.length >= PIECE)) await flush()
      rowsRank = rank
      rows.push(records[at + 2] as number, records[at] as number)
      const count = counts[rank]
      if (count) count.duplicates++
      const wait = sorted.next()
      if (wait) await wait
    }
    if (rows.length > 0) await flush()
    const manifest = duplicateManifest({
      spans: fingerprint,
      part,
      parts,
      file: await output.finish(),
      shards: counts.map(({ duplicates, sum }) => ({ duplicates, checksum: sum.digest() })),
    })
    await writeManifest(duplicates, names.manifest, manifest)
    return manifest
  } catch (error) {
    await output.abort(error)
    throw error
  } finally {
    await sorter.clear()
  }
}
