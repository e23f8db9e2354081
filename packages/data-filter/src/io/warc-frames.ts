import { AsyncIterReader, StatusAndHeadersParser } from 'warcio'
import { joinBytes } from '../join-bytes.js'
import { findBytes, startsWithBytes } from './find-bytes.js'
import type { ByteEvent } from './gunzip-members.js'
import { WARC_MAGIC, type WarcInput, warcInput } from './warc-input.js'

/** A record as it stands in the file, or a place where there is none. */
export type WarcFrame =
  | {
      readonly kind: 'record'
      /** Byte of the file, of the gzip member where it is gzip. */
      readonly offset: number
      readonly headers: Headers
      /** The bytes after the header; null where they were not wanted. */
      readonly block: Uint8Array | null
      readonly blockBytes: number
    }
  | { readonly kind: 'broken'; readonly offset: number; readonly detail: string }

/** A file that is no gzip, which can be read again from anywhere. */
export interface PlainFile {
  readonly size: number
  events(start: number): AsyncIterable<ByteEvent>
}

/** A record's header that is longer is none. */
const MAX_HEADER = 65536
const CRLF_TWICE = Uint8Array.of(13, 10, 13, 10)
const LF_TWICE = Uint8Array.of(10, 10)
const NEXT_RECORD = new TextEncoder().encode('WARC/1.')
/** What may be read again in a small file, too; and what it costs to begin. */
const FREE_REREAD = 2 ** 24
const READ_COST = 2 ** 16
/** An empty line and what the next record begins with. */
const TAIL = CRLF_TWICE.length + NEXT_RECORD.length
const headerParser = new StatusAndHeadersParser()

/**
 * The records of a WARC file (ISO 28500:2017), and what stands between them that is none. warcio's parser of whole files reads headers
 * of any length, believes every Content-Length and gives up at the first broken gzip member; so records are found here, and warcio
 * reads their headers. A record is given when the place behind it was seen: a wrong Content-Length, or a gzip member with a wrong
 * checksum, makes it a broken one. Records that a too large Content-Length has swallowed are found: in gzip by their members, in a
 * plain file by reading again, of which there is not much more than the file has bytes: where all lengths are wrong, it ends.
 * @param wants whether a record's bytes are needed; they are not held otherwise
 */
export async function* warcFrames(
  events: AsyncIterable<ByteEvent>,
  wants: (headers: Headers, blockBytes: number) => boolean,
  plain?: PlainFile,
): AsyncGenerator<WarcFrame, void> {
  let input = warcInput(events)
  let readAgain = 0
  try {
    for (;;) {
      const start = input.offset
      const junk = await passToRecord(input)
      const { stop, offset } = input
      if (junk > 0) yield await broken(input, start, `${junk} bytes that are no record`)
      else if (stop) {
        if (stop.kind === 'end') return
        input.passStop()
        if (stop.kind === 'broken') yield stop
      } else {
        const header = await readHeader(input)
        const headers = typeof header === 'string' ? null : await parseHeaders(header)
        const blockBytes = lengthOf(headers)
        if (!headers || blockBytes === null) {
          const detail = typeof header === 'string' ? header : 'a header without the length of the record'
          await passToRecord(input)
          yield await broken(input, offset, detail)
          continue
        }
        const left = plain ? plain.size - input.offset : Number.POSITIVE_INFINITY
        if (blockBytes > left) {
          await passToRecord(input)
          yield await broken(input, offset, `a record of ${blockBytes} bytes where the file has ${left} more`)
          continue
        }
        const { block, have, swallowed, tail } = await readBlock(input, blockBytes, wants(headers, blockBytes))
        const last = input.offset
        const end = await endOf(input, last)
        if (have === blockBytes && end === 'fits') {
          yield { kind: 'record', offset, headers, block, blockBytes }
          continue
        }
        if (plain && swallowed !== null && readAgain <= plain.size + FREE_REREAD) {
          readAgain += have + READ_COST
          await input.close()
          input = warcInput(plain.events(swallowed), swallowed)
        } else {
          // The next record may begin with the last bytes of this one.
          if (end === 'goes on') input.unread(tail)
          await passToRecord(input)
        }
        const detail =
          have < blockBytes
            ? `a record that ends after ${have} of ${blockBytes} bytes`
            : end === 'broken'
              ? ''
              : `a record that does not end after its ${blockBytes} bytes`
        yield await broken(input, offset, detail)
      }
    }
  } finally {
    await input.close()
  }
}

/** A broken place that a broken gzip member explains is one place, not two. */
async function broken(input: WarcInput, offset: number, detail: string): Promise<WarcFrame> {
  const member = input.offset
  await input.atLeast(1)
  const { stop } = input
  if (stop?.kind !== 'broken' || !breaksIn(input, member)) return { kind: 'broken', offset, detail }
  input.passStop()
  return { kind: 'broken', offset, detail: detail ? `${detail}, in ${stop.detail}` : stop.detail }
}

const breaksIn = ({ stop }: WarcInput, member: number): boolean => stop?.kind === 'broken' && stop.offset === member

/** Goes over line ends to the next record or stop. Returns how many bytes stood there that are neither. */
async function passToRecord(input: WarcInput): Promise<number> {
  let junk = 0
  for (;;) {
    const bytes = await input.atLeast(NEXT_RECORD.length)
    if (bytes.length === 0) {
      if (junk > 0 || input.stop?.kind !== 'record') return junk
      input.passStop()
    } else if (startsWithBytes(bytes, WARC_MAGIC)) {
      return junk
    } else {
      const lineEnds = countLineEnds(bytes)
      if (lineEnds === 0) {
        const line = bytes.indexOf(10)
        const size = line < 0 ? bytes.length : line + 1
        junk += size
        input.advance(size)
      } else input.advance(lineEnds)
    }
  }
}

function countLineEnds(bytes: Uint8Array): number {
  let count = 0
  while (bytes[count] === 13 || bytes[count] === 10) count++
  return count
}

/** The bytes of the header, with the empty line after it, or what is wrong. */
async function readHeader(input: WarcInput): Promise<Uint8Array | string> {
  for (let size = 1024; ; size *= 2) {
    const bytes = await input.atLeast(size)
    const sample = bytes.subarray(0, MAX_HEADER)
    const wide = findBytes(sample, CRLF_TWICE)
    // Some writers end lines with a line feed alone.
    const narrow = wide < 0 ? findBytes(sample, LF_TWICE) : -1
    const end = wide >= 0 ? wide + CRLF_TWICE.length : narrow >= 0 ? narrow + LF_TWICE.length : -1
    if (end >= 0) {
      const header = bytes.slice(0, end)
      input.advance(end)
      return header
    }
    if (bytes.length < size) {
      input.advance(bytes.length)
      return 'a header that does not end'
    }
    if (size >= MAX_HEADER) {
      // The search for the next record goes on behind the first bytes of this one.
      input.advance(WARC_MAGIC.length)
      return `a header of more than ${MAX_HEADER} bytes`
    }
  }
}

async function parseHeaders(header: Uint8Array): Promise<Headers | null> {
  const parsed = await headerParser.parse(new AsyncIterReader([header], null), { headersClass: Headers })
  return (parsed?.headers as Headers | undefined) ?? null
}

function lengthOf(headers: Headers | null): number | null {
  const length = headers?.get('content-length') ?? ''
  return /^\d{1,15}$/.test(length) ? Number(length) : null
}

/** Gives the block where it is wanted, how much of it there was, its last bytes, and the place of the first line in it that begins as a record does. */
async function readBlock(
  input: WarcInput,
  size: number,
  wanted: boolean,
): Promise<{ block: Uint8Array | null; have: number; swallowed: number | null; tail: Uint8Array }> {
  const pieces: Uint8Array[] = []
  let have = 0
  let swallowed: number | null = null
  let tail: Uint8Array = new Uint8Array(0)
  while (have < size) {
    const bytes = await input.atLeast(1)
    if (bytes.length === 0) break
    const piece = bytes.subarray(0, size - have)
    if (swallowed === null) {
      const at = lineWithRecord(piece)
      if (at >= 0) swallowed = input.offset + at
    }
    if (wanted) pieces.push(piece)
    input.advance(piece.length)
    have += piece.length
    tail = piece.subarray(-TAIL)
  }
  return { block: wanted ? joinBytes(pieces) : null, have, swallowed, tail }
}

/** Where a line begins as a record does; one that a piece's end cuts is passed over, and the next is found. */
function lineWithRecord(piece: Uint8Array): number {
  for (let at = findBytes(piece, NEXT_RECORD); at >= 0; at = findBytes(piece, NEXT_RECORD, at + 1)) {
    if (at > 0 && piece[at - 1] === 10) return at
  }
  return -1
}

/**
 * Whether the record ends here: with an empty line, as it should, or with the next record or the end behind fewer line ends; and the
 * gzip member of its last byte is whole.
 */
async function endOf(input: WarcInput, member: number): Promise<'fits' | 'goes on' | 'broken'> {
  const bytes = await input.atLeast(CRLF_TWICE.length + WARC_MAGIC.length)
  const lineEnds = countLineEnds(bytes)
  const behind = bytes.subarray(lineEnds)
  const fits =
    behind.length === 0 ||
    startsWithBytes(behind, WARC_MAGIC) ||
    startsWithBytes(bytes, CRLF_TWICE) ||
    startsWithBytes(bytes, LF_TWICE)
  if (!fits) return 'goes on'
  input.advance(lineEnds)
  await input.atLeast(1)
  return breaksIn(input, member) ? 'broken' : 'fits'
}
