/** A file as a listing has it. */
export interface StoredFile {
  /** Path from the storage's root, with `/` between its parts. */
  readonly name: string
  readonly bytes: number
}

/** Bytes from `start` on, up to and without `end`. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

/**
 * Where files lie: a folder here, a bucket elsewhere, memory in tests and in a browser. Everything that a task leaves behind goes
 * through it, so that a task needs nothing else. A file is there whole or not at all.
 */
export interface Storage {
  /** What names begin with in messages: a folder, `s3://bucket/prefix`. */
  readonly location: string
  /** All files whose name begins with the prefix, in the order of their names' code units. */
  list(prefix: string): Promise<readonly StoredFile[]>
  /** The file's size, or null where there is none. */
  size(name: string): Promise<number | null>
  /** The file's bytes, in pieces. Throws StorageError where there is no such file. */
  read(name: string, range?: ByteRange): AsyncIterable<Uint8Array>
  /** Writes aside, and puts the file in its place when all pieces are there; another of that name is replaced. If the pieces throw, nothing is left. */
  write(name: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<StoredFile>
  /** Writes a small file where there is none of its name. False where there is one: only one of many callers gets true. */
  create(name: string, bytes: Uint8Array): Promise<boolean>
  /** Nothing happens where there is no such file. */
  remove(name: string): Promise<void>
}
