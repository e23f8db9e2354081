import type { FileHandle } from 'node:fs/promises'
import type { RandomAccess } from '@almanac/tensor-core/safetensors'
import { CheckpointError } from './checkpoint-error.js'
import type { CheckpointStorage } from './checkpoint-storage.js'

/** A file that is being written: its name, this mark, the writer's process id. */
const TEMPORARY = /\.tmp-(\d+)$/
/** A writer with that process id may live (ids are used again), but none pauses this long. */
const ABANDONED_AFTER_MS = 10 * 60 * 1000

/** Loaded inside: a bundler for pages refuses names of a module that a page does not have. */
type FileSystem = typeof import('node:fs/promises')

/** See `fileStorage`, which loads this module lazily. */
export async function nodeFileStorage(folder: string): Promise<CheckpointStorage> {
  const [fs, { join }] = await Promise.all([import('node:fs/promises'), import('node:path')])
  await intoCheckpointError(`checkpoint folder ${folder}`, 'a folder that can be written', async () => {
    await fs.mkdir(folder, { recursive: true })
    await removeLeftovers(fs, folder)
  })
  return {
    write: (name, chunks) => writeAtomically(fs, folder, join(folder, name), chunks),
    async read(name) {
      const path = join(folder, name)
      return intoCheckpointError(path, 'a readable file', () => openForReading(fs, path))
    },
    async list() {
      const names = await fs.readdir(folder)
      return names.filter((name) => !TEMPORARY.test(name)).sort()
    },
    async remove(name) {
      await fs.rm(join(folder, name), { force: true })
    },
  }
}

async function writeAtomically(
  fs: FileSystem,
  folder: string,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`
  await intoCheckpointError(path, 'room for a checkpoint', async () => {
    let file: FileHandle | undefined
    try {
      file = await fs.open(temporary, 'w')
      for await (const chunk of chunks) await writeAll(file, chunk)
      // The bytes before the name: a rename that reaches the disk first would name an empty file after a power cut.
      await file.sync()
      await file.close()
      file = undefined
      await fs.rename(temporary, path)
    } catch (error) {
      await file?.close().catch(() => undefined)
      await fs.rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
    await syncFolder(fs, folder)
  })
}

/** A write may take less than it was given, for example on a disk that is nearly full. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
}

/** Makes a rename last. Windows cannot open folders, and needs no such thing. */
async function syncFolder(fs: FileSystem, folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await fs.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function openForReading(fs: FileSystem, path: string): Promise<RandomAccess | null> {
  let file: FileHandle
  try {
    file = await fs.open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const { size } = await file.stat()
    return {
      size,
      async read(offset, length) {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
        let filled = 0
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled)
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

async function removeLeftovers(fs: FileSystem, folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    const pid = TEMPORARY.exec(name)?.[1]
    if (pid === undefined) continue
    const path = `${folder}/${name}`
    const written = await fs.stat(path).catch(() => null)
    if (written && isWriting(Number(pid)) && Date.now() - written.mtimeMs < ABANDONED_AFTER_MS) continue
    await fs.rm(path, { force: true })
  }
}

/** Whether another process of that id is there; this one has only begun. */
function isWriting(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space and start again; the previous checkpoint, if there was one, is whole.',
  EDQUOT: 'Free some of the quota and start again; the previous checkpoint, if there was one, is whole.',
  EACCES: 'Choose a folder that this user may write.',
  EPERM: 'Choose a folder that this user may write.',
  EROFS: 'Choose a folder that can be written.',
  ENOTDIR: 'A part of the path is a file; choose another folder.',
  EEXIST: 'There is a file of that name; choose another folder.',
  EISDIR: 'There is a folder of that name; choose another one.',
}

async function intoCheckpointError<T>(where: string, expected: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined || error instanceof CheckpointError) throw error
    const what = /^[A-Z0-9_]+: ([^,]+)/.exec(message)?.[1] ?? message
    const failure = new CheckpointError(where, expected, `${code} (${what})`, hints[code] ?? '')
    failure.cause = error
    throw failure
  }
}
