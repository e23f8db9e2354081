import { joinBytes } from '../join-bytes.js'
import { startsWithBytes } from './find-bytes.js'
import type { ByteEvent } from './gunzip-members.js'

export const WARC_MAGIC = new TextEncoder().encode('WARC/')

/** Where bytes do not simply go on: a gzip member that begins with a record, a broken place, the end. */
export type WarcStop =
  | { readonly kind: 'record' }
  | { readonly kind: 'broken'; readonly offset: number; readonly detail: string }
  | { readonly kind: 'end' }

/** The bytes of a WARC file from stop to stop. */
export interface WarcInput {
  /** Place in the file: of the gzip member, or of the byte where the file is no gzip. */
  readonly offset: number
  /** The stop that comes at once, if `atLeast` gave nothing. */
  readonly stop: WarcStop | null
  /** The bytes that come, at least this many unless a stop comes first; none at a stop. */
  atLeast(size: number): Promise<Uint8Array>
  advance(count: number): void
  /** Goes back by these bytes, the last ones before this place. */
  unread(bytes: Uint8Array): void
  /** Goes past the stop; the end stays. */
  passStop(): void
  close(): Promise<void>
}

/** @param position of the first byte in the file */
export function warcInput(source: AsyncIterable<ByteEvent>, position = 0): WarcInput {
  const iterator = source[Symbol.asyncIterator]()
  let here: Uint8Array = new Uint8Array(0)
  let stop: WarcStop | null = null
  /** The member of `here`, and the one behind the stop with its first bytes. */
  let member: number | null = null
  let ahead: { readonly member: number; readonly bytes: Uint8Array } | null = null
  let held: ByteEvent | null = null

  const nextEvent = async (): Promise<ByteEvent | null> => {
    const { done, value } = await iterator.next()
    return done ? null : value
  }
  /** The bytes that come next; null where a stop comes. */
  const load = async (): Promise<Uint8Array | null> => {
    if (stop) return null
    const event = held ?? (await nextEvent())
    held = null
    if (event?.kind === 'bytes') return event.bytes
    if (event?.kind !== 'member') {
      stop = event ?? { kind: 'end' }
      return null
    }
    const begin: Uint8Array[] = []
    for (let size = 0; size < WARC_MAGIC.length; ) {
      const next = await nextEvent()
      if (next?.kind !== 'bytes') {
        held = next
        if (!next) stop = { kind: 'end' }
        break
      }
      begin.push(next.bytes)
      size += next.bytes.length
    }
    const bytes = joinBytes(begin)
    if (startsWithBytes(bytes, WARC_MAGIC)) {
      ahead = { member: event.offset, bytes }
      stop = { kind: 'record' }
      return null
    }
    if (bytes.length === 0) return load()
    // Some writers cut members anywhere.
    member = event.offset
    return bytes
  }
  return {
    get offset() {
      return member ?? position
    },
    get stop() {
      return here.length === 0 ? stop : null
    },
    async atLeast(size) {
      if (here.length >= size || stop) return here
      const pieces = [here]
      for (let have = here.length; have < size; ) {
        const piece = await load()
        if (!piece) break
        pieces.push(piece)
        have += piece.length
      }
      here = joinBytes(pieces.filter((piece) => piece.length > 0))
      return here
    },
    advance(count) {
      here = here.subarray(count)
      position += count
    },
    unread(bytes) {
      here = joinBytes([bytes, here])
      position -= bytes.length
    },
    passStop() {
      if (stop?.kind === 'end') return
      stop = null
      if (!ahead) return
      member = ahead.member
      here = ahead.bytes
      ahead = null
    },
    async close() {
      await iterator.return?.()
    },
  }
}
