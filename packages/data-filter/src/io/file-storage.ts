import type { Storage } from '../storage.js'

/**
 * Files in a folder, in Node; the folder is made by the first write. Writes are whole or not at all, whatever is killed: bytes go
 * to a file beside, are flushed to the disk and put in place by a rename. `create` puts them in place by a hard link, which only one
 * of many callers can make. Links to files are followed, links to folders are not listed. Names that leave the folder are refused
 * with OptionError; what the disk refuses is a StorageError.
 */
export function fileStorage(folder: string): Storage {
  // Imported when first used, so that pages which never call this do not load node:fs.
  let loading: Promise<Storage> | undefined
  const loaded = () => {
    loading ??= import('./node-file-storage.js').then((module) => module.nodeFileStorage(folder))
    return loading
  }
  return {
    location: folder,
    list: async (prefix) => (await loaded()).list(prefix),
    size: async (name) => (await loaded()).size(name),
    async *read(name, range) {
      yield* (await loaded()).read(name, range)
    },
    write: async (name, pieces) => (await loaded()).write(name, pieces),
    create: async (name, bytes) => (await loaded()).create(name, bytes),
    remove: async (name) => (await loaded()).remove(name),
  }
}
