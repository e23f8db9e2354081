import { FormatError } from '../data-filter-error.js'
import { type CheckedFile, readChecked, writeChecked } from '../manifest/checked-file.js'
import { checksums, checksumWords } from '../manifest/checksum.js'
import { littleEndianBytes, littleEndianWords } from '../manifest/little-endian.js'
import type { Storage } from '../storage.js'
import { compareRecords, type RecordShape } from './record-sort.js'
import { streamedFile } from './streamed-file.js'

/** A file of records in ascending order, of which any part can be found and checked without the rest. */
export interface SortedFile extends CheckedFile {
  readonly records: number
  /** Records a block; the last one has what is left. */
  readonly blockRecords: number
  /** Four words a block: its checksum, XXH64, and the first hash of its first record, each the low word first. */
  readonly blocks: CheckedFile
}

/** Words a block in the table. */
export const BLOCK_WORDS = 4
/** 68 KiB of MinHash's records: a block is what is read at least. */
export const BLOCK_RECORDS = 1024
/** Blocks of a small file, so that parts of about equal size can be made of it too. */
const BLOCKS = 64

/** For a file of this many records. */
export const blockRecordsFor = (records: number): number =>
  Math.max(1, Math.min(BLOCK_RECORDS, Math.ceil(records / BLOCKS)))

export interface SortedFileWriter {
  /** Records in ascending order. Throws FormatError where they are not. */
  push(records: Uint32Array): Promise<void>
  /** Writes the table of blocks too. */
  finish(): Promise<SortedFile>
  abort(error: unknown): Promise<void>
}

/** Holds a block and 16 bytes for each block before it. */
export async function sortedFileWriter(
  storage: Storage,
  name: string,
  blocksName: string,
  shape: RecordShape,
  blockRecords = BLOCK_RECORDS,
): Promise<SortedFileWriter> {
  const { stride, precision } = shape
  const [newChecksum, sumOf] = [await checksums(), await checksumWords()]
  const whole = newChecksum()
  const table: number[] = []
  const file = streamedFile(storage, name)
  let block = new Uint32Array(blockRecords * stride)
  let used = 0
  let records = 0
  let last = new Uint32Array(0) as Uint32Array
  const upper = precision === 32 ? 0 : 1
  const outOfOrder = (record: number) =>
    new FormatError(
      `${storage.location}/${name}`,
      'records in ascending order, each once',
      `record ${record} out of order`,
    )
  const flush = async () => {
    const bytes = littleEndianBytes(block.subarray(0, used))
    table.push(...sumOf(bytes), block[0] as number, precision === 32 ? 0 : (block[1] as number))
    whole.update(bytes)
    last = block.subarray(used - stride, used)
    block = new Uint32Array(blockRecords * stride)
    used = 0
    await file.push(bytes)
  }
  return {
    async push(more) {
      for (let at = 0; at < more.length; ) {
        const end = Math.min(more.length, at + block.length - used)
        const [before, beforeAt] = used > 0 ? [block, used - stride] : [last, 0]
        if (before.length > 0 && compareRecords(before, beforeAt, more, at, shape) >= 0) throw outOfOrder(records)
        for (let next = at + stride; next < end; next += stride) {
          // Most records differ in the first hash's upper word.
          if ((more[next - stride + upper] as number) < (more[next + upper] as number)) continue
          if (compareRecords(more, next - stride, more, next, shape) >= 0)
            throw outOfOrder(records + (next - at) / stride)
        }
        block.set(more.subarray(at, end), used)
        used += end - at
        records += (end - at) / stride
        at = end
        if (used === block.length) await flush()
      }
    },
    async finish() {
      if (used > 0) await flush()
      const written = await file.finish()
      const blocks = await writeChecked(storage, blocksName, littleEndianBytes(Uint32Array.from(table)))
      return { ...written, checksum: whole.digest(), records, blockRecords, blocks }
    },
    abort: (error) => file.abort(error),
  }
}

/** Writes records that are there all at once. */
export async function writeSorted(
  storage: Storage,
  name: string,
  blocksName: string,
  shape: RecordShape,
  records: Uint32Array,
): Promise<SortedFile> {
  const writer = await sortedFileWriter(
    storage,
    name,
    blocksName,
    shape,
    blockRecordsFor(records.length / shape.stride),
  )
  try {
    await writer.push(records)
    return await writer.finish()
  } catch (error) {
    await writer.abort(error)
    throw error
  }
}

/** The file's table of blocks. Throws ManifestError where it is another than when it was written. */
export const readBlocks = async (storage: Storage, file: SortedFile): Promise<Uint32Array> =>
  littleEndianWords(await readChecked(storage, file.blocks))
