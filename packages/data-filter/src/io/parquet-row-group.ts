import { type AsyncBuffer, type ColumnMetaData, type FileMetaData, parquetReadObjects, type RowGroup } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { joinBytes } from '../join-bytes.js'
import type { Storage } from '../storage.js'
import { checkPages, ParquetPageError } from './parquet-pages.js'

/** Rows of a row group, from its row `first` on; or why they cannot be read. */
export type RowBatch = { readonly first: number; readonly count: number } & (
  | { readonly rows: readonly Record<string, unknown>[] }
  | { readonly error: unknown }
)

/** Rows are decoded as many at a time as have about this many bytes, but in no more batches than that. */
const BATCH_BYTES = 2 ** 25
const MAX_BATCHES = 256
/** A row group's columns as they stand in the file, the footer, and a page have at most this many. */
const MAX_BYTES = 2 ** 28
/** Values that a column of lists may claim beside 64 for each of its bytes. */
const FREE_VALUES = 2 ** 20

/** A file as hyparquet asks for it. Refuses ranges that are larger than is held. */
export function rangedFile(storage: Storage, name: string, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (!(start >= 0 && end >= start && end <= byteLength && end - start <= MAX_BYTES)) {
        throw new ParquetPageError(`the bytes from ${start} to ${end} of a file of ${byteLength}`)
      }
      const pieces: Uint8Array[] = []
      for await (const piece of storage.read(name, { start, end })) pieces.push(piece)
      const { buffer, byteOffset, length } = joinBytes(pieces)
      if (length !== end - start) throw new ParquetPageError(`${length} bytes of ${end - start}`)
      return buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer
    },
  }
}

/**
 * The rows of a row group in batches, always the same ones. Its compressed bytes are read once, those of `from` and what comes before it
 * are not decoded.
 * @param groupStart rows of the file before the group
 */
export async function* readRowGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: RowGroup,
  groupStart: number,
  from: number,
): AsyncGenerator<RowBatch, void> {
  const count = Number(group.num_rows)
  let held: AsyncBuffer
  try {
    held = await holdGroup(file, metadata, group, count)
  } catch (error) {
    return yield { first: 0, count, error }
  }
  const bytes = columnsOf(group).reduce((sum, column) => sum + Number(column.total_uncompressed_size), 0)
  const batches = Math.max(1, Math.min(count, MAX_BATCHES, Math.ceil(bytes / BATCH_BYTES)))
  const perBatch = Math.ceil(count / batches)
  for (let first = 0; first < count; first += perBatch) {
    const size = Math.min(perBatch, count - first)
    if (first + size <= from) continue
    const rowStart = groupStart + first
    try {
      const rows = await parquetReadObjects({ file: held, metadata, rowStart, rowEnd: rowStart + size, compressors })
      if (rows.length !== size) throw new ParquetPageError(`${rows.length} rows of ${size}`)
      yield { first, count: size, rows }
    } catch (error) {
      yield { first, count: size, error }
    }
  }
}

function columnsOf(group: RowGroup): ColumnMetaData[] {
  return group.columns.map(({ meta_data, file_path }) => {
    if (!meta_data || file_path) throw new ParquetPageError('columns in another file')
    return meta_data
  })
}

/** The group's bytes in memory, after a look at what its pages claim. */
async function holdGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: RowGroup,
  count: number,
): Promise<AsyncBuffer> {
  const ranges = columnsOf(group).map((column) => ({ column, ...rangeOf(column) }))
  const start = Math.min(...ranges.map((range) => range.start))
  const end = Math.max(...ranges.map((range) => range.end))
  const bytes = await file.slice(start, end)
  const flat = new Set(flatColumns(metadata))
  for (const { column, start: columnStart, end: columnEnd } of ranges) {
    const limit = flat.has(column.path_in_schema.join('.')) ? count : FREE_VALUES + 64 * (columnEnd - columnStart)
    const chunk = new Uint8Array(bytes, columnStart - start, columnEnd - columnStart)
    checkPages(chunk, { values: limit, pageBytes: MAX_BYTES })
  }
  return {
    byteLength: file.byteLength,
    slice(from, to = file.byteLength) {
      if (from < start || to > end)
        throw new ParquetPageError(`the bytes from ${from} to ${to} of columns from ${start} to ${end}`)
      return bytes.slice(from - start, to - start)
    },
  }
}

function rangeOf(column: ColumnMetaData): { start: number; end: number } {
  const data = Number(column.data_page_offset)
  const dictionary = Number(column.dictionary_page_offset ?? 0)
  const start = dictionary > 0 && dictionary < data ? dictionary : data
  return { start, end: start + Number(column.total_compressed_size) }
}

/** Columns without lists, which have a value or a null for each row. */
function flatColumns({ schema }: FileMetaData): string[] {
  const flat: string[] = []
  const path: { name: string; left: number; repeated: boolean }[] = []
  for (const { name, num_children = 0, repetition_type } of schema.slice(1)) {
    const repeated = repetition_type === 'REPEATED' || (path.at(-1)?.repeated ?? false)
    path.push({ name, left: num_children, repeated })
    if (num_children === 0 && !repeated) flat.push(path.map((part) => part.name).join('.'))
    for (let top = path.at(-1); top && top.left === 0; top = path.at(-1)) {
      path.pop()
      const parent = path.at(-1)
      if (parent) parent.left--
    }
  }
  return flat
}
