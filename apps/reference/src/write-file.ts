import { constants } from 'node:fs'
import { access, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from './usage-error.js'

/** Throws UsageError, before any work is done, where a file that an option names could not be written later. */
export async function checkWritable(command: string, option: string, path: string): Promise<void> {
  const kind = await stat(path).catch(() => null)
  if (kind?.isDirectory()) throw unwritable(command, option, path, 'a folder')
  try {
    await access(kind ? path : dirname(path), constants.W_OK)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw unwritable(command, option, path, missing ? 'no such folder' : 'one that may not be written')
  }
}

/** Throws UsageError in one line where the file cannot be written after all. */
export async function writeNamedFile(command: string, option: string, path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text)
  } catch (error) {
    throw unwritable(command, option, path, `an error (${(error as NodeJS.ErrnoException).code ?? error})`)
  }
}

function unwritable(command: string, option: string, path: string, got: string): UsageError {
  return new UsageError(`${command}: expected a writable file for --${option}, got ${got}: ${path}. Check the path.`)
}
