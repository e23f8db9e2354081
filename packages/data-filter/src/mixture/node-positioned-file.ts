import type { FileHandle } from 'node:fs/promises'
import { FormatError, StorageError } from '../data-filter-error.js'
import type { PositionedFile } from './positioned-file.js'

/** A file of this machine, which the kernel's page cache holds as it would a mapped one. Throws StorageError. */
export async function nodePositionedFile(folder: string, name: string): Promise<PositionedFile> {
  const [{ readSync }, { open }, { join }] = await Promise.all([
    import('node:fs'),
    import('node:fs/promises'),
    import('node:path'),
  ])
  const where = `${folder}/${name}`
  let handle: FileHandle
  let bytes: number
  try {
    handle = await open(join(folder, name), 'r')
    bytes = (await handle.stat()).size
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new StorageError(where, 'a readable file', code === 'ENOENT' ? 'none of this name' : message)
  }
  const shorter = (end: number) =>
    new FormatError(where, `${bytes} bytes, as when it was opened`, `${end}`, 'Open it again.')
  return {
    where,
    bytes,
    async read(start, end) {
      const whole = new Uint8Array(end - start)
      for (let at = 0; at < whole.length; ) {
        const { bytesRead } = await handle.read(whole, at, whole.length - at, start + at)
        if (bytesRead === 0) throw shorter(start + at)
        at += bytesRead
      }
      return whole
    },
    readNow(start, end) {
      const whole = new Uint8Array(end - start)
      for (let at = 0; at < whole.length; ) {
        const bytesRead = readSync(handle.fd, whole, at, whole.length - at, start + at)
        if (bytesRead === 0) throw shorter(start + at)
        at += bytesRead
      }
      return whole
    },
    close: () => handle.close(),
  }
}
