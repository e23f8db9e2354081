import { crc32 } from '../crc32.js'
import { type ByteCursor, byteCursor } from './byte-cursor.js'
import { findBytes } from './find-bytes.js'
import { GZIP_MAGIC, gzipHeaderBytes } from './gzip-header.js'
import { nodeInflateWhole } from './node-inflate-whole.js'
import { nodeZlib } from './node-zlib.js'
import { InflateError, type RawInflater, rawInflaters } from './raw-inflater.js'

/** What a file gives, in order. */
export type ByteEvent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A gzip member begins, at this byte of the file. */
  | { readonly kind: 'member'; readonly offset: number }
  /** Bytes that are no gzip, or a member that breaks off; what it gave before cannot be trusted. What comes next is another member. */
  | { readonly kind: 'broken'; readonly offset: number; readonly detail: string }

/** A broken member is searched for the next one from its begin on, or from this many bytes before the place where it broke. */
const LOOK_BACK = 2 ** 20
/** Members of fewer compressed bytes are inflated at once. */
const SHORT = 2 ** 17
/** A header with a longer name or comment than that is none. */
const MAX_HEADER = 65536

/**
 * The bytes of a gzip file of any number of members (RFC 1952), made as they are taken. A broken member does not end it: the search for
 * the next member begins inside the broken one, since a wrong length or code may have swallowed others. Never throws for what the file
 * holds.
 * @param open the file from a byte on
 */
export async function* gunzipMembers(
  open: (start: number) => AsyncIterable<Uint8Array>,
): AsyncGenerator<ByteEvent, void> {
  const inflater = await rawInflaters()
  let cursor = byteCursor(open(0))
  // Bytes that look like a member by chance, found in the search, are not worth another word.
  let searching = false
  try {
    for (;;) {
      await passZeros(cursor)
      if ((await cursor.some()).length === 0) return
      const begin = cursor.position
      let gave = false
      let detail: string | null = 'bytes that begin no gzip member'
      if (await passHeader(cursor)) {
        const events = member(cursor, inflater, begin)
        for (let next = await events.next(); ; next = await events.next()) {
          if (next.done) {
            detail = next.value
            break
          }
          gave ||= next.value.kind === 'bytes'
          yield next.value
        }
      }
      if (gave) searching = false
      if (detail === null) continue
      const reached = cursor.position
      if (!searching) yield { kind: 'broken', offset: begin, detail }
      searching = true
      await cursor.close()
      const from = Math.max(begin + 1, reached - LOOK_BACK)
      cursor = byteCursor(open(from), from)
      await passToMember(cursor)
    }
  } finally {
    await cursor.close()
  }
}

/** Files are filled up with zeros, on tapes and in tar; gzip reads over them. */
async function passZeros(cursor: ByteCursor): Promise<void> {
  for (;;) {
    const bytes = await cursor.some()
    const end = bytes.findIndex((byte) => byte !== 0)
    cursor.advance(end < 0 ? bytes.length : end)
    if (end >= 0 || bytes.length === 0) return
  }
}

/** Goes past the header of a member. False where none begins here. */
async function passHeader(cursor: ByteCursor): Promise<boolean> {
  let bytes = await cursor.atLeast(18)
  for (;;) {
    const size = gzipHeaderBytes(bytes)
    if (size === 'none') return false
    if (size !== 'more') {
      cursor.advance(size)
      return true
    }
    const before = bytes.length
    if (before > MAX_HEADER) return false
    bytes = await cursor.atLeast(before + 1)
    if (bytes.length === before) return false
  }
}

/** All that the member here gives, if it is short; the cursor then stands behind its stream. */
async function inflateWhole(cursor: ByteCursor): Promise<Uint8Array | null> {
  const zlib = nodeZlib()
  if (!zlib) return null
  for (let size = SHORT / 4; ; size *= 2) {
    const bytes = await cursor.atLeast(size)
    const found = nodeInflateWhole(zlib, bytes.subarray(0, SHORT))
    if (found) {
      cursor.advance(found.consumed)
      return found.bytes
    }
    if (bytes.length >= SHORT || bytes.length < size) return null
  }
}

/** Goes to the next place where a member may begin, or to the end. */
async function passToMember(cursor: ByteCursor): Promise<void> {
  for (;;) {
    const bytes = await cursor.atLeast(GZIP_MAGIC.length + 1)
    if (bytes.length <= GZIP_MAGIC.length) return cursor.advance(bytes.length)
    const at = findBytes(bytes, GZIP_MAGIC)
    if (at >= 0 && gzipHeaderBytes(bytes.subarray(at, at + 4)) !== 'none') return cursor.advance(at)
    cursor.advance(at >= 0 ? at + 1 : bytes.length - GZIP_MAGIC.length + 1)
  }
}

/** The bytes of a member; returns what is wrong with it, or null. */
async function* member(
  cursor: ByteCursor,
  open: () => RawInflater,
  offset: number,
): AsyncGenerator<ByteEvent, string | null> {
  yield { kind: 'member', offset }
  let crc = 0
  let size = 0
  let inflater: RawInflater | undefined
  try {
    const whole = await inflateWhole(cursor)
    if (whole) {
      crc = crc32(whole)
      size = whole.length
      if (size > 0) yield { kind: 'bytes', bytes: whole }
    }
    if (!whole) inflater = open()
    while (inflater && !inflater.ended) {
      const input = await cursor.some()
      if (input.length === 0) return 'a gzip member that ends too early'
      for await (const bytes of inflater.inflate(input)) {
        crc = crc32(bytes, crc)
        size += bytes.length
        yield { kind: 'bytes', bytes }
      }
      cursor.advance(inflater.consumed)
    }
  } catch (error) {
    if (!(error instanceof InflateError)) throw error
    return `a gzip member that does not inflate (${error.message})`
  } finally {
    inflater?.close()
  }
  const trailer = await cursor.atLeast(8)
  if (trailer.length < 8) return 'a gzip member that ends too early'
  const view = new DataView(trailer.buffer, trailer.byteOffset)
  cursor.advance(8)
  if (view.getUint32(0, true) !== crc) return 'a gzip member whose bytes do not have its checksum'
  if (view.getUint32(4, true) !== size % 2 ** 32) return 'a gzip member whose bytes do not have its length'
  return null
}
