import { type FileMetaData, parquetMetadataAsync, type RowGroup } from 'hyparquet'
import { StorageError } from '../data-filter-error.js'
import type { Reader, ReadRecord } from '../read-record.js'
import type { Storage } from '../storage.js'
import { adaptRecord, type FieldNames } from './adapt-record.js'
import { jsonValue } from './json-value.js'
import { rangedFile, readRowGroup } from './parquet-row-group.js'
import { readLimits } from './read-limits.js'

/** Rows that a file may claim beside 8 for each of its bytes. */
const FREE_ROWS = 100_000

/**
 * Reads Parquet with hyparquet, the fields by the rules of `jsonlReader`; dates become ISO strings, bytes lists of numbers. One row
 * group is held at a time, compressed (256 MiB at most), and of its rows those of about 32 MiB. Each row is a record; where a part of
 * the file cannot be read, each of its rows is skipped as `broken-file`. A file without a footer is one such record, and so is a row
 * group with more rows than its file can hold, which ends it. Others skipped: `too-large`, `empty`, `bad-record`.
 */
export function parquetReader(names: FieldNames = {}): Reader {
  return {
    format: 'parquet',
    async *read(storage, name, options) {
      const { skip, maxRecordBytes } = readLimits('parquetReader', options)
      const location = `${storage.location}/${name}`
      const size = await sizeOf(storage, name)
      const file = rangedFile(storage, name, size)
      const metadata = await metadataOf(file)
      if ('error' in metadata) {
        if (skip === 0) yield brokenFile(location, metadata.error)
        return
      }
      let groupStart = 0
      for (const [number, group] of metadata.row_groups.entries()) {
        const count = rowsOf(group)
        if (!(groupStart + count <= FREE_ROWS + 8 * size)) {
          const where = `${location}, row group ${number}`
          if (groupStart >= skip) yield brokenFile(where, new Error(`${count} rows in a file of ${size} bytes`))
          return
        }
        if (groupStart + count > skip) {
          const from = Math.max(0, skip - groupStart)
          for await (const batch of readRowGroup(file, metadata, group, groupStart, from)) {
            for (let i = Math.max(0, from - batch.first); i < batch.count; i++) {
              const row = groupStart + batch.first + i
              const source = { location, where: `${location}, row ${row}`, defaultId: `${name}/${row}` }
              yield 'error' in batch
                ? brokenFile(source.where, batch.error)
                : limited(adaptRecord(jsonValue(batch.rows[i]), names, source), source.where, maxRecordBytes)
            }
          }
        }
        groupStart += count
      }
    },
  }
}

async function sizeOf(storage: Storage, name: string): Promise<number> {
  const size = await storage.size(name)
  if (size !== null) return size
  throw new StorageError(`${storage.location}/${name}`, 'a file', 'none of this name', 'See what list gives.')
}

async function metadataOf(file: ReturnType<typeof rangedFile>): Promise<FileMetaData | { readonly error: unknown }> {
  try {
    const metadata = await parquetMetadataAsync(file)
    for (const group of metadata.row_groups) rowsOf(group)
    return metadata
  } catch (error) {
    if (error instanceof StorageError) throw error
    return { error }
  }
}

function rowsOf(group: RowGroup): number {
  const count = Number(group.num_rows)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new Error(`a row group of ${group.num_rows} rows`)
}

/** What storage throws goes on; all else is what the file holds. */
function brokenFile(where: string, error: unknown): ReadRecord {
  if (error instanceof StorageError) throw error
  return { skipped: 'broken-file', where, detail: (error as Error).message }
}

function limited(record: ReadRecord, where: string, maxBytes: number): ReadRecord {
  if (!('document' in record)) return record
  const { text } = record.document
  // A UTF-16 unit has 1 to 3 bytes.
  if (text.length * 3 <= maxBytes) return record
  const bytes = new TextEncoder().encode(text).length
  return bytes <= maxBytes
    ? record
    : { skipped: 'too-large', where, detail: `${bytes} bytes, where ${maxBytes} are read` }
}
