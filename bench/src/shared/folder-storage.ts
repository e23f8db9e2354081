import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Storage } from '@almanac/data-filter'

/** Files in a folder, as measurements need them. */
export function folderStorage(location: string): Storage {
  const path = (name: string) => join(location, name)
  const size = async (name: string) => (await stat(path(name)).catch(() => null))?.size ?? null
  return {
    location,
    size,
    async list(prefix) {
      const names = (await readdir(location, { recursive: true })).filter((name) => name.startsWith(prefix)).sort()
      return Promise.all(names.map(async (name) => ({ name, bytes: (await size(name)) as number })))
    },
    read: (name, range) =>
      createReadStream(path(name), {
        start: range?.start ?? 0,
        // Node's end is the last byte itself.
        end: range?.end === undefined ? Number.POSITIVE_INFINITY : range.end - 1,
        highWaterMark: 2 ** 18,
      }),
    async write(name, pieces) {
      await mkdir(dirname(path(name)), { recursive: true })
      await pipeline(Readable.from(pieces), createWriteStream(`${path(name)}.part`))
      await rename(`${path(name)}.part`, path(name))
      return { name, bytes: (await size(name)) as number }
    },
    create: (name, bytes) =>
      writeFile(path(name), bytes, { flag: 'wx' }).then(
        () => true,
        () => false,
      ),
    remove: (name) => rm(path(name), { force: true }),
  }
}
