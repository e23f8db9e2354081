/** A column's bytes that no reader should be given. */
export class ParquetPageError extends Error {}

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
]
const MAX_DEPTH = 16

export interface PageLimits {
  /** Values that the column's pages may have in all. */
  readonly values: number
  /** Bytes of a page when it is decompressed. */
  readonly pageBytes: number
}

/**
 * Walks the page headers of a column chunk (Apache Parquet, parquet.thrift: PageHeader), without looking at the values, and throws
 * ParquetPageError where a page claims more values, more bytes or another size than there can be: hyparquet makes room for what pages
 * claim, and a flipped bit can make that a billion.
 */
export function checkPages(chunk: Uint8Array, limits: PageLimits): void {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  let at = 0
  let values = 0
  while (at < chunk.length - 1) {
    const header = compactReader(view, at)
    const page = header.pageHeader()
    at = header.at() + page.compressed
    if (!(page.compressed >= 0) || at > chunk.length)
      throw new ParquetPageError('a page that is longer than its column')
    if (!(page.uncompressed >= 0 && page.uncompressed <= limits.pageBytes)) {
      throw new ParquetPageError(`a page of ${page.uncompressed} bytes`)
    }
    if (!(page.values >= 0)) throw new ParquetPageError('a page without a number of values')
    if (!page.dictionary) values += page.values
    if (values > limits.values || page.values > limits.values) {
      throw new ParquetPageError(`pages of ${Math.max(values, page.values)} values where there are ${limits.values}`)
    }
  }
}

interface PageSummary {
  readonly uncompressed: number
  readonly compressed: number
  readonly values: number
  readonly dictionary: boolean
}

/** Thrift's compact protocol, as far as page headers have it. */
function compactReader(view: DataView, begin: number) {
  let at = begin
  const byte = (): number => {
    if (at >= view.byteLength) throw new ParquetPageError('a page header that does not end')
    return view.getUint8(at++)
  }
  const varint = (): number => {
    let value = 0
    for (let scale = 1; scale < 2 ** 63; scale *= 128) {
      const part = byte()
      value += (part & 127) * scale
      if (part < 128) return value
    }
    throw new ParquetPageError('a number that does not end')
  }
  const zigzag = (): number => {
    const value = varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  const skip = (type: number, depth: number): void => {
    if (depth > MAX_DEPTH) throw new ParquetPageError('a page header that is too deep')
    if (type === TRUE || type === FALSE) return
    if (type === BYTE) byte()
    else if (type === I16 || type === I32 || type === I64) varint()
    else if (type === DOUBLE) at += 8
    else if (type === BINARY) at += varint()
    else if (type === STRUCT) eachField((_, inner) => skip(inner, depth + 1))
    else if (type === LIST || type === SET) {
      const head = byte()
      const count = head >> 4 === 15 ? varint() : head >> 4
      const inner = head & 15
      for (let i = 0; i < count; i++) {
        if (inner === TRUE || inner === FALSE) byte()
        else skip(inner, depth + 1)
        if (at > view.byteLength) throw new ParquetPageError('a page header that does not end')
      }
    } else throw new ParquetPageError('a page header with a type that it cannot have')
  }
  const eachField = (take: (id: number, type: number) => void): void => {
    for (let id = 0; ; ) {
      const head = byte()
      const type = head & 15
      if (type === STOP) return
      id = head >> 4 ? id + (head >> 4) : zigzag()
      take(id, type)
    }
  }
  return {
    at: () => at,
    pageHeader(): PageSummary {
      let [uncompressed, compressed, values] = [Number.NaN, Number.NaN, Number.NaN]
      let dictionary = false
      eachField((id, type) => {
        if (id === 2 && type === I32) uncompressed = zigzag()
        else if (id === 3 && type === I32) compressed = zigzag()
        else if ((id === 5 || id === 7 || id === 8) && type === STRUCT) {
          dictionary ||= id === 7
          eachField((inner, innerType) => {
            if (inner === 1 && innerType === I32) values = zigzag()
            else skip(innerType, 1)
          })
        } else skip(type, 0)
      })
      return { uncompressed, compressed, values, dictionary }
    },
  }
}
