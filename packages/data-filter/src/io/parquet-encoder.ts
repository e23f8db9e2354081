import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import type { DocumentEncoder } from './document-encoder.js'

export interface ParquetEncoderOptions {
  /** SNAPPY unless given. */
  readonly codec?: 'SNAPPY' | 'UNCOMPRESSED'
  /** UTF-8 bytes of a row group before compression, about; 16 MiB unless given. So much is held until it is written. */
  readonly rowGroupBytes?: number
}

const COLUMNS = ['text', 'id', 'metadata'] as const
/** What text is compressed to before anything is known of it: Snappy makes about half of it. */
const FIRST_RATIO = 1 / 2

/**
 * Parquet with the columns `text`, `id` and `metadata`, all strings; the last is JSON, which datatrove's readers and this package's take
 * for an object. Throws OptionError.
 */
export function parquetEncoder(options: ParquetEncoderOptions = {}): DocumentEncoder {
  const { codec = 'SNAPPY', rowGroupBytes = 2 ** 24 } = options
  if (!(rowGroupBytes >= 1)) {
    throw new OptionError(
      'parquetEncoder: rowGroupBytes',
      'at least 1',
      String(rowGroupBytes),
      'Leave it out for 16 MiB.',
    )
  }
  const columnsOf = (rows: readonly Document[]) =>
    COLUMNS.map((name) => ({
      name,
      type: 'STRING' as const,
      nullable: false,
      data: rows.map((row) => (name === 'metadata' ? JSON.stringify(row.metadata) : row[name])),
    }))
  const encoder = new TextEncoder()
  const bytes = new ByteWriter()
  // The strings of a text column are not looked up by their bounds.
  const writer = new ParquetWriter({
    writer: bytes,
    schema: schemaFromColumnData({ columnData: columnsOf([]) }),
    codec,
    statistics: false,
    createdBy: 'almanac',
  })
  let rows: Document[] = []
  let openBytes = 0
  let closedBytes = 0
  const closeGroup = (): void => {
    if (rows.length === 0) return
    writer.write({ columnData: columnsOf(rows).map(({ name, data }) => ({ name, data })), rowGroupSize: rows.length })
    closedBytes += openBytes
    rows = []
    openBytes = 0
  }
  const takeAll = (): Uint8Array => {
    const piece = bytes.getBytes().slice()
    // Places in the file are counted by `offset`; the buffer begins anew.
    bytes.index = 0
    return piece
  }
  return {
    add(document) {
      rows.push(document)
      openBytes += encoder.encode(document.text).length + document.id.length + JSON.stringify(document.metadata).length
      if (openBytes >= rowGroupBytes) closeGroup()
    },
    get bytes() {
      return bytes.offset + Math.round(openBytes * (closedBytes > 0 ? bytes.offset / closedBytes : FIRST_RATIO))
    },
    take() {
      return bytes.index > 2 ** 16 ? [takeAll()] : []
    },
    async finish() {
      closeGroup()
      await writer.finish()
      return takeAll()
    },
  }
}
