import { FormatError } from './data-filter-error.js'

/** Reads little-endian numbers from bytes, one behind the other; none is read, and nothing allocated, that is not there. */
export interface ByteReader {
  /** How many bytes are left. */
  left(): number
  byte(): number
  int32(): number
  /** An int64, as a double: exact up to 2^53. */
  int64(): number
  double(): number
  bytes(count: number, what: string): Uint8Array
  floats(count: number, what: string): Float32Array
  /** Bytes up to a zero, which is passed over. */
  untilZero(what: string): Uint8Array
}

/** Errors begin with `where`. Throws FormatError where the bytes end too soon. */
export function byteReader(source: Uint8Array, where: string): ByteReader {
  // A Buffer of Node is a Uint8Array whose slices are no copies.
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (count: number, what: string): number => {
    if (!(count >= 0 && count <= bytes.length - at)) {
      throw new FormatError(
        where,
        `${count} bytes of ${what}`,
        `${bytes.length - at} bytes before the end`,
        'The file may have been cut; load it again.',
      )
    }
    at += count
    return at - count
  }
  return {
    left: () => bytes.length - at,
    byte: () => view.getUint8(take(1, 'a byte')),
    int32: () => view.getInt32(take(4, 'a number'), true),
    int64: () => Number(view.getBigInt64(take(8, 'a number'), true)),
    double: () => view.getFloat64(take(8, 'a number'), true),
    bytes: (count, what) => bytes.slice(take(count, what), at),
    floats(count, what) {
      const start = take(count * 4, what)
      // A copy begins at a multiple of four, wherever the numbers lie in the file.
      return new Float32Array(bytes.slice(start, at).buffer)
    },
    untilZero(what) {
      const end = bytes.indexOf(0, at)
      if (end < 0)
        throw new FormatError(where, `a zero behind ${what}`, 'the end', 'The file may have been cut; load it again.')
      const found = bytes.subarray(at, end)
      at = end + 1
      return found
    },
  }
}
