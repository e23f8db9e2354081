import type { Reader, ReadOptions, ReadRecord } from '../read-record.js'
import type { Storage } from '../storage.js'
import { readerFor } from './reader-for.js'

export interface ReadDocumentsOptions extends Omit<ReadOptions, 'skip'> {
  /** For all files; the one that fits a file's name unless given. */
  readonly reader?: Reader
}

/**
 * The records of many files, file after file, each opened when the last one is done: all files whose names begin with the prefix, in the
 * order of their names, or these files in this order. Throws OptionError, before anything is read, for a file that no reader fits, and
 * StorageError.
 */
export async function* readDocuments(
  storage: Storage,
  files: string | readonly string[],
  { reader, ...options }: ReadDocumentsOptions = {},
): AsyncGenerator<ReadRecord, void> {
  const names = typeof files === 'string' ? (await storage.list(files)).map(({ name }) => name) : files
  const readers = names.map((name) => reader ?? readerFor(name))
  for (const [i, name] of names.entries()) yield* (readers[i] as Reader).read(storage, name, options)
}
