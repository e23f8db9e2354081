import type { CheckpointStorage } from './checkpoint-storage.js'

/**
 * Checkpoints in a folder, in Node. The folder is made if need be, and what killed processes left half-written in it is
 * removed. Files are written beside their place, flushed to the disk and renamed, so that a kill, a full disk or a power
 * cut leaves the previous one whole. Rejects with CheckpointError where the folder cannot be used.
 */
export async function fileStorage(folder: string): Promise<CheckpointStorage> {
  // Imported here so that pages which never call this do not load node:fs.
  return (await import('./node-file-storage.js')).nodeFileStorage(folder)
}
