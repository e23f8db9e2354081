import type { RandomAccess } from './random-access.js'

/** One read of Node is at most 2^31 - 1 bytes. */
const MAX_READ = 2 ** 30

/** Random access to a file. Only for Node, which is why nothing but `fileSource` loads this module, and lazily. */
export async function nodeFileSource(path: string): Promise<RandomAccess> {
  // Not at the top: a bundler for pages refuses names of a module that a page does not have.
  const { open } = await import('node:fs/promises')
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    return {
      size,
      async read(offset, length) {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
        let filled = 0
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(
            bytes,
            filled,
            Math.min(MAX_READ, bytes.length - filled),
            offset + filled,
          )
          if (bytesRead === 0) break
          filled += bytesRead
        }
        return bytes.subarray(0, filled)
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}
