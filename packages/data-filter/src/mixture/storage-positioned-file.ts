import { FormatError, StorageError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import type { PositionedFile } from './positioned-file.js'

/** Bytes of a block: a request costs as much as many kilobytes more. */
const BLOCK = 2 ** 18

/**
 * A file of any storage, read in blocks of 256 KiB, the last used of which are kept.
 * @param cacheBytes the most bytes that kept blocks have, one block at least
 */
export async function storagePositionedFile(
  storage: Storage,
  name: string,
  cacheBytes: number,
): Promise<PositionedFile> {
  const where = `${storage.location}/${name}`
  const bytes = await storage.size(name)
  if (bytes === null) throw new StorageError(where, 'a file', 'none of this name', 'See what list gives.')
  const most = Math.max(1, Math.floor(cacheBytes / BLOCK))
  /** In the order of their last use. Promises, so that two readers of a block ask for it once. */
  const kept = new Map<number, Promise<Uint8Array>>()

  const load = async (block: number): Promise<Uint8Array> => {
    const range = { start: block * BLOCK, end: Math.min((block + 1) * BLOCK, bytes) }
    const whole = new Uint8Array(range.end - range.start)
    let at = 0
    for await (const piece of storage.read(name, range)) {
      whole.set(piece, at)
      at += piece.length
    }
    if (at < whole.length)
      throw new FormatError(where, `${bytes} bytes, as when it was opened`, `${range.start + at}`, 'Open it again.')
    return whole
  }
  const blockOf = (block: number): Promise<Uint8Array> => {
    const found = kept.get(block) ?? load(block)
    kept.delete(block)
    kept.set(block, found)
    if (kept.size > most) kept.delete(kept.keys().next().value as number)
    // What failed is asked for anew.
    found.catch(() => kept.delete(block))
    return found
  }
  return {
    where,
    bytes,
    async read(start, end) {
      const first = Math.floor(start / BLOCK)
      if (end <= (first + 1) * BLOCK) {
        if (end === start) return new Uint8Array(0)
        return (await blockOf(first)).subarray(start - first * BLOCK, end - first * BLOCK)
      }
      const whole = new Uint8Array(end - start)
      for (let block = first; block * BLOCK < end; block++) {
        const from = Math.max(start, block * BLOCK)
        const part = (await blockOf(block)).subarray(from - block * BLOCK, end - block * BLOCK)
        whole.set(part, from - start)
      }
      return whole
    },
    async close() {
      kept.clear()
    },
  }
}
