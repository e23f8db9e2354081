import { FormatError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import { littleEndianWords } from './band-file.js'
import type { Checksum } from './checksum.js'
import { compareRecords, type RecordShape } from './record-sort.js'

/** The records of a part of a file, a buffer at a time. */
export interface BandReader {
  /** The buffered records. Never written to again: whoever keeps a place in it may go on reading there. */
  records: Uint32Array
  /** Where in `records` the current one begins. */
  at: number
  /** Reads the next buffer. False at the end. Throws FormatError where the records are out of order. */
  fill(): Promise<boolean>
}

/**
 * Reads the records from `first` up to and without `last`.
 * @param perBuffer records a buffer
 * @param checksum takes all bytes that are read
 */
export function bandReader(
  storage: Storage,
  name: string,
  shape: RecordShape,
  { first, last, perBuffer, checksum }: { first: number; last: number; perBuffer: number; checksum?: Checksum },
): BandReader {
  const recordBytes = 4 * shape.stride
  let next = first
  const reader: BandReader = {
    records: new Uint32Array(0),
    at: 0,
    async fill() {
      if (next >= last) return false
      const count = Math.min(perBuffer, last - next)
      const bytes = new Uint8Array(count * recordBytes)
      const range = { start: next * recordBytes, end: (next + count) * recordBytes }
      let size = 0
      for await (const piece of storage.read(name, range)) {
        bytes.set(piece, size)
        size += piece.length
      }
      if (size < bytes.length) {
        throw new FormatError(`${storage.location}/${name}`, `${range.end} bytes`, `${range.start + size}`)
      }
      checksum?.update(bytes)
      const records = littleEndianWords(bytes)
      checkOrder(`${storage.location}/${name}`, reader.records, records, next, shape)
      next += count
      reader.records = records
      reader.at = 0
      return true
    },
  }
  return reader
}

function checkOrder(where: string, before: Uint32Array, records: Uint32Array, first: number, shape: RecordShape): void {
  const { stride } = shape
  for (let at = 0; at < records.length; at += stride) {
    const previous = at > 0 ? records : before
    const previousAt = (at > 0 ? at : before.length) - stride
    if (previousAt < 0) continue
    // Most records differ in the first hash's upper word.
    if ((previous[previousAt + 1] as number) < (records[at + 1] as number)) continue
    if (compareRecords(previous, previousAt, records, at, shape) < 0) continue
    throw new FormatError(
      where,
      'records in ascending order, each once',
      `record ${first + at / stride} out of order`,
      'Sign this shard again.',
    )
  }
}
