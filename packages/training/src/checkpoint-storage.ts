import type { RandomAccess } from '@almanac/tensor-core/safetensors'

/**
 * Where checkpoints lie: a folder (`fileStorage`), memory (`memoryStorage`), or a page's own (OPFS, IndexedDB, a server).
 * Names are plain file names.
 */
export interface CheckpointStorage {
  /**
   * Writes a file as a whole or not at all: when this rejects, or the process dies, an earlier file of the name is
   * still there as it was.
   */
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>
  /** The file's bytes, or null where there is none. The caller closes it. */
  read(name: string): Promise<RandomAccess | null>
  /** Names of the files that are there, sorted. */
  list(): Promise<string[]>
  /** Removes a file; one that is not there is fine. */
  remove(name: string): Promise<void>
}
