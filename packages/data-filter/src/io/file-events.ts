import type { Storage } from '../storage.js'
import { byteCursor } from './byte-cursor.js'
import { startsWithBytes } from './find-bytes.js'
import { type ByteEvent, gunzipMembers } from './gunzip-members.js'
import { GZIP_MAGIC } from './gzip-header.js'

/** Whether the file is gzip, by its first bytes, whatever its name says. Throws StorageError. */
export async function isGzip(storage: Storage, name: string): Promise<boolean> {
  const cursor = byteCursor(storage.read(name, { start: 0, end: GZIP_MAGIC.length }))
  const begin = await cursor.atLeast(GZIP_MAGIC.length)
  await cursor.close()
  return begin.length >= GZIP_MAGIC.length && startsWithBytes(begin, GZIP_MAGIC)
}

/** The bytes of a file, inflated where they are gzip, or where its name says that they should be. Throws StorageError. */
export async function* fileEvents(storage: Storage, name: string): AsyncGenerator<ByteEvent, void> {
  if (name.endsWith('.gz') || (await isGzip(storage, name))) {
    yield* gunzipMembers((start) => storage.read(name, { start }))
    return
  }
  for await (const bytes of storage.read(name)) if (bytes.length > 0) yield { kind: 'bytes', bytes }
}
