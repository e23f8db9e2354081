import { memoryStorage } from '../../src/memory-storage.js'
import type { Storage } from '../../src/storage.js'

/** Files in memory, and how much of them was read: calls and bytes. */
export function countingStorage(): Storage & { readonly counts: { reads: number; bytes: number; open: number } } {
  const storage = memoryStorage()
  const counts = { reads: 0, bytes: 0, open: 0 }
  return {
    ...storage,
    counts,
    async *read(name, range) {
      counts.reads++
      counts.open++
      try {
        for await (const piece of storage.read(name, range)) {
          counts.bytes += piece.length
          yield piece
        }
      } finally {
        counts.open--
      }
    },
  }
}
