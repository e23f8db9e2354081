/** A file's bytes at places, without the rest of it. */
export interface PositionedFile {
  /** For messages. */
  readonly where: string
  readonly bytes: number
  /** The bytes from `start` up to and without `end`, which lies in the file. Throws StorageError, FormatError where the file has become shorter. */
  read(start: number, end: number): Promise<Uint8Array>
  /** The same at once: only where bytes need no waiting for a network. */
  readonly readNow?: (start: number, end: number) => Uint8Array
  close(): Promise<void>
}
