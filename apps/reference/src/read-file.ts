import { readFile, stat } from 'node:fs/promises'
import { UsageError } from './usage-error.js'

/** A file's bytes. Throws UsageError in one line where there is none or it cannot be read. */
export async function readNamedFile(command: string, option: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw unreadable(command, option, path, error)
  }
}

/** Whether a path is a folder. Throws UsageError where there is nothing. */
export async function isFolder(command: string, option: string, path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    throw unreadable(command, option, path, error)
  }
}

function unreadable(command: string, option: string, path: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException
  const why =
    code === 'ENOENT'
      ? 'no such file'
      : code === 'EACCES'
        ? 'a file that may not be read'
        : `an error (${code ?? error})`
  return new UsageError(`${command}: expected a readable file for --${option}, got ${why}: ${path}. Check the path.`)
}
