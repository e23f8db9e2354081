import type { Storage } from '../storage.js'
import { mergeRecords, type RecordMerge } from './record-merge.js'
import { memoryReader, type RecordReader, recordReader } from './record-reader.js'
import { type RecordShape, sortRecords } from './record-sort.js'
import { readBlocks, type SortedFile, writeSorted } from './sorted-file.js'

/** Sorts more records than memory holds. */
export interface RecordSorter {
  /** The records' words are copied. */
  add(...words: readonly number[]): Promise<void> | null
  /** All records, ascending, once: what was added is then gone from memory. Records with the same hashes come as they were added. */
  sorted(): Promise<{ readonly readers: readonly RecordReader[]; readonly merge: RecordMerge }>
  /** Removes what lies in the storage. Call it also after an error. */
  clear(): Promise<void>
}

/**
 * Holds `memoryBytes`; beyond that, sorted runs go to the storage under the prefix and are merged in the end.
 * No two records may be alike in all words.
 */
export function recordSorter(storage: Storage, prefix: string, shape: RecordShape, memoryBytes: number): RecordSorter {
  const { stride } = shape
  // A third each for the records, their sorted copy, and for the order and the pieces on their way.
  const capacity = stride * Math.max(1, Math.floor(memoryBytes / 3 / (4 * stride)))
  let buffer = new Uint32Array(Math.min(capacity, 1024 * stride))
  let used = 0
  const runs: SortedFile[] = []
  const spill = async () => {
    const sorted = sortRecords(buffer.subarray(0, used), shape)
    used = 0
    const name = `${prefix}${`${runs.length}`.padStart(5, '0')}`
    runs.push(await writeSorted(storage, `${name}.run`, `${name}.blocks`, shape, sorted))
  }
  return {
    add(...words) {
      if (used === buffer.length && used < capacity) {
        const larger = new Uint32Array(Math.min(capacity, 2 * used))
        larger.set(buffer)
        buffer = larger
      }
      buffer.set(words, used)
      used += stride
      return used === capacity ? spill() : null
    },
    async sorted() {
      if (runs.length === 0) {
        const readers = [memoryReader(sortRecords(buffer.subarray(0, used), shape), stride)]
        buffer = new Uint32Array(0)
        return { readers, merge: await mergeRecords(readers, shape) }
      }
      if (used > 0) await spill()
      buffer = new Uint32Array(0)
      const readers: RecordReader[] = []
      for (const run of runs) {
        const blocks = await readBlocks(storage, run)
        readers.push(await recordReader(storage, run, blocks, shape, { bufferBytes: memoryBytes / 2 / runs.length }))
      }
      return { readers, merge: await mergeRecords(readers, shape) }
    },
    async clear() {
      for (const run of runs.splice(0)) {
        await storage.remove(run.name)
        await storage.remove(run.blocks.name)
      }
    },
  }
}
