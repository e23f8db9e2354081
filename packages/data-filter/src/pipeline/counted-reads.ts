import type { Storage } from '../storage.js'

/** A storage that tells how many bytes are read from it. */
export const countedReads = (storage: Storage, onBytes: (bytes: number) => void): Storage => ({
  ...storage,
  async *read(name, range) {
    for await (const piece of storage.read(name, range)) {
      onBytes(piece.length)
      yield piece
    }
  },
})
