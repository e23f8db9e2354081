import type { Storage, StoredFile } from '../storage.js'

/** A file that is written as its bytes come, beside others: `Storage.write` takes pieces when it wants them, one file at a time. */
export interface StreamedFile {
  /** Do not change the bytes afterwards. Waits while the storage is behind. Throws what the storage throws. */
  push(bytes: Uint8Array): Promise<void>
  finish(): Promise<StoredFile>
  /** Leaves no file. */
  abort(error: unknown): Promise<void>
}

/** Pieces that wait for the storage, at most. */
const WAITING = 4

export function streamedFile(storage: Storage, name: string): StreamedFile {
  const queue: Uint8Array[] = []
  let ended = false
  let failure: { readonly error: unknown } | null = null
  let wake = () => {}
  let taken = () => {}
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (failure) throw failure.error
      const piece = queue.shift()
      if (piece) {
        taken()
        yield piece
      } else if (ended) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }
  const written = storage.write(name, pieces())
  // push and finish report it.
  written.catch(() => {})
  return {
    async push(bytes) {
      queue.push(bytes)
      wake()
      while (queue.length > WAITING) {
        const room = new Promise<void>((resolve) => {
          taken = resolve
        })
        await Promise.race([room, written])
      }
    },
    finish() {
      ended = true
      wake()
      return written
    },
    async abort(error) {
      failure = { error }
      wake()
      await written.catch(() => {})
    },
  }
}
