import type { Storage } from './storage.js'

/** A folder of a storage as a storage of its own: names begin behind `folder/`. */
export function storageFolder(storage: Storage, folder: string): Storage {
  const prefix = `${folder}/`
  return {
    location: `${storage.location}/${folder}`,
    async list(start) {
      const files = await storage.list(prefix + start)
      return files.map(({ name, bytes }) => ({ name: name.slice(prefix.length), bytes }))
    },
    size: (name) => storage.size(prefix + name),
    read: (name, range) => storage.read(prefix + name, range),
    async write(name, pieces) {
      const { bytes } = await storage.write(prefix + name, pieces)
      return { name, bytes }
    },
    create: (name, bytes) => storage.create(prefix + name, bytes),
    remove: (name) => storage.remove(prefix + name),
  }
}
