import { changedFile, readRange } from '../manifest/checked-file.js'
import { checksumWords } from '../manifest/checksum.js'
import { littleEndianWords } from '../manifest/little-endian.js'
import type { Storage } from '../storage.js'
import type { HashBound } from './hash-range.js'
import type { RecordShape } from './record-sort.js'
import { BLOCK_WORDS, type SortedFile } from './sorted-file.js'

/** Sorted records, a buffer at a time. */
export interface RecordReader {
  readonly stride: number
  /** The buffered records. Never written to again: whoever keeps a place in it may go on reading there. */
  records: Uint32Array
  /** Where in `records` the current one begins. */
  at: number
  /** Gets the next buffer, of at least one record. False at the end. */
  fill(): Promise<boolean>
}

export interface ReadBetween {
  /** Records whose first hash is at the lower bound or above it, and below the upper one; null for no bound. */
  readonly lower?: HashBound | null
  readonly upper?: HashBound | null
  /** At least a block is read at a time. */
  readonly bufferBytes: number
}

/**
 * Reads the records between two bounds. Whole blocks are read and compared with their checksums, so that a part of a file is as
 * sure as all of it. Reading throws ManifestError where a block is another than when it was written.
 */
export async function recordReader(
  storage: Storage,
  file: SortedFile,
  blocks: Uint32Array,
  shape: RecordShape,
  { lower = null, upper = null, bufferBytes }: ReadBetween,
): Promise<RecordReader> {
  const { stride } = shape
  const sumOf = await checksumWords()
  const blockBytes = 4 * stride * file.blockRecords
  const count = blocks.length / BLOCK_WORDS
  // The block before the first that begins at the bound may end with records of it.
  let next = lower ? Math.max(0, firstBlockAtLeast(blocks, lower) - 1) : 0
  const end = upper ? firstBlockAtLeast(blocks, upper) : count
  const atOnce = Math.max(1, Math.floor(bufferBytes / blockBytes))
  const isBelow = (records: Uint32Array, at: number, bound: HashBound) =>
    isHashBelow(shape.precision === 32 ? 0 : (records[at + 1] as number), records[at] as number, bound)

  const reader: RecordReader = {
    stride,
    records: new Uint32Array(0),
    at: 0,
    async fill() {
      while (next < end) {
        const stop = Math.min(next + atOnce, end)
        const start = next * blockBytes
        const bytes = await readRange(storage, file, { start, end: Math.min(stop * blockBytes, file.bytes) })
        for (let block = next; block < stop; block++) {
          const from = block * blockBytes - start
          const [low, high] = sumOf(bytes.subarray(from, from + blockBytes))
          const row = BLOCK_WORDS * block
          if (low === blocks[row] && high === blocks[row + 1]) continue
          throw changedFile(
            storage,
            file,
            hexadecimal(low, high),
            `the checksum ${hexadecimal(blocks[row], blocks[row + 1])} of block ${block}`,
          )
        }
        next = stop
        const words = littleEndianWords(bytes)
        let [first, last] = [0, words.length]
        while (lower && first < last && isBelow(words, first, lower)) first += stride
        while (upper && first < last && !isBelow(words, last - stride, upper)) last -= stride
        if (first === last) continue
        reader.records = words.subarray(first, last)
        reader.at = 0
        return true
      }
      return false
    },
  }
  return reader
}

/** Records that are in memory. */
export function memoryReader(records: Uint32Array, stride: number): RecordReader {
  let given = records.length === 0
  const reader: RecordReader = {
    stride,
    records: new Uint32Array(0),
    at: 0,
    async fill() {
      if (given) return false
      given = true
      reader.records = records
      return true
    },
  }
  return reader
}

const isHashBelow = (high: number, low: number, bound: HashBound): boolean =>
  high < bound.high || (high === bound.high && low < bound.low)

function firstBlockAtLeast(blocks: Uint32Array, bound: HashBound): number {
  let [low, high] = [0, blocks.length / BLOCK_WORDS]
  while (low < high) {
    const middle = (low + high) >>> 1
    const row = BLOCK_WORDS * middle
    if (isHashBelow(blocks[row + 3] as number, blocks[row + 2] as number, bound)) low = middle + 1
    else high = middle
  }
  return low
}

const hexadecimal = (low = 0, high = 0): string =>
  [high, low].map((word) => word.toString(16).padStart(8, '0')).join('')
