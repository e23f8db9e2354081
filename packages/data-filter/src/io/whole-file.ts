import { joinBytes } from '../join-bytes.js'
import type { Storage } from '../storage.js'
import { fileEvents } from './file-events.js'

/** A file's bytes, inflated; or why it is passed over: no more than `maxBytes` are held. Throws StorageError. */
export async function wholeFile(
  storage: Storage,
  name: string,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array } | { readonly skipped: string; readonly detail: string }> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const event of fileEvents(storage, name)) {
    if (event.kind === 'broken') return { skipped: 'broken-file', detail: `${event.detail}, at byte ${event.offset}` }
    if (event.kind === 'member') continue
    size += event.bytes.length
    if (size > maxBytes) return { skipped: 'too-large', detail: `more than ${maxBytes} bytes` }
    pieces.push(event.bytes)
  }
  return { bytes: joinBytes(pieces) }
}
