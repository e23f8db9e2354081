import type { RandomAccess } from './random-access.js'

/** Random access to a file by its path, in Node. Close it when done. Rejects with Node's own error when it cannot be opened. */
export async function fileSource(path: string): Promise<RandomAccess> {
  // Imported here so that pages which never call this do not load node:fs.
  return (await import('./node-file-source.js')).nodeFileSource(path)
}
