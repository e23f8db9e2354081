import { StorageError } from './data-filter-error.js'
import { joinBytes } from './join-bytes.js'
import type { Storage, StoredFile } from './storage.js'

/** Pieces of a read have at most this many bytes, so that callers see several where files are large. */
const PIECE = 65536

/** Files in memory, for tests and pages. */
export function memoryStorage(location = 'memory:'): Storage {
  const files = new Map<string, Uint8Array>()
  return {
    location,
    async list(prefix) {
      const names = [...files.keys()].filter((name) => name.startsWith(prefix)).sort()
      return names.map((name) => ({ name, bytes: (files.get(name) as Uint8Array).length }))
    },
    async size(name) {
      return files.get(name)?.length ?? null
    },
    async *read(name, range) {
      const whole = files.get(name)
      if (!whole) {
        throw new StorageError(`${location}/${name}`, 'a file', 'none of this name', 'See what list gives.')
      }
      const end = Math.min(range?.end ?? whole.length, whole.length)
      for (let at = range?.start ?? 0; at < end; at += PIECE) yield whole.slice(at, Math.min(at + PIECE, end))
    },
    async write(name, pieces): Promise<StoredFile> {
      const parts: Uint8Array[] = []
      for await (const piece of pieces) parts.push(piece.slice())
      const whole = joinBytes(parts)
      files.set(name, whole)
      return { name, bytes: whole.length }
    },
    async create(name, bytes) {
      if (files.has(name)) return false
      files.set(name, bytes.slice())
      return true
    },
    async remove(name) {
      files.delete(name)
    },
  }
}
