import { joinBytes } from '../join-bytes.js'
import type { ByteEvent } from './gunzip-members.js'

/** A line without its line end, or a place where there is none. */
export type FileLine =
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large'; readonly bytes: number }
  | { readonly kind: 'broken'; readonly detail: string }

/**
 * The lines of a file, as many at a time as a piece of the file holds. What a line has of more than `maxBytes` is not kept. The line in
 * which a gzip member breaks is part of the broken place; the next member begins a line.
 */
export async function* fileLines(events: AsyncIterable<ByteEvent>, maxBytes: number): AsyncGenerator<FileLine[], void> {
  let open: Uint8Array[] = []
  let openBytes = 0
  const close = (last: Uint8Array): FileLine => {
    const size = openBytes + last.length
    const bytes = openBytes === 0 ? last : size > maxBytes ? last : joinBytes([...open, last])
    open = []
    openBytes = 0
    // A carriage return before the line end is white space to JSON.
    return size > maxBytes ? { kind: 'too-large', bytes: size } : { kind: 'line', bytes }
  }
  for await (const event of events) {
    if (event.kind === 'member') continue
    if (event.kind === 'broken') {
      const detail = `${event.detail}, at byte ${event.offset}`
      open = []
      openBytes = 0
      yield [{ kind: 'broken', detail }]
      continue
    }
    const { bytes } = event
    const lines: FileLine[] = []
    let begin = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, begin)) {
      lines.push(close(bytes.subarray(begin, end)))
      begin = end + 1
    }
    if (begin < bytes.length) {
      openBytes += bytes.length - begin
      if (openBytes <= maxBytes) open.push(bytes.subarray(begin))
      else open = []
    }
    if (lines.length > 0) yield lines
  }
  if (openBytes > 0) yield [close(new Uint8Array(0))]
}
