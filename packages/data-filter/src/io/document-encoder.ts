import type { Document } from '../document.js'

/** Makes the bytes of one file of documents; the same documents give the same bytes. */
export interface DocumentEncoder {
  add(document: Document): void
  /**
   * Bytes that the file has so far; of what is not compressed yet, an estimate. Depends on the documents alone, so that a file that is
   * ended at a size is ended at the same document every time.
   */
  readonly bytes: number
  /** The pieces of the file that are done and were not taken, in order. */
  take(): Uint8Array[]
  /** Ends the file. Gives all of it that was not taken. */
  finish(): Promise<Uint8Array>
}
