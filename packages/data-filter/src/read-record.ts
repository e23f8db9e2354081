import type { Document } from './document.js'
import type { Storage } from './storage.js'

/** What stands at one place of a file: a document, or something that is none, and why. Nothing in a file makes a reader throw. */
export type ReadRecord =
  | { readonly document: Document }
  | {
      /** A word or two that are counted: `not-html`, `bad-charset`, `bad-json`, `too-large`, `broken-file`. */
      readonly skipped: string
      /** The file and the place in it. */
      readonly where: string
      /** What was found, for people. */
      readonly detail: string
    }

export interface ReadOptions {
  /** Records to pass over, to go on where somebody stopped: they are not decoded further than needed to find the next one. */
  readonly skip?: number
  /** Bytes that a record may have; a larger one is skipped as `too-large` without being held in memory. 8 MiB unless given. */
  readonly maxRecordBytes?: number
}

/**
 * Reads the records of files of one format, always in the same order, one at a time: the file is read only as records are taken.
 * A document whose text is a page's HTML says so in its metadata: `content_type` is `text/html`.
 */
export interface Reader {
  /** `warc`, `jsonl`, `parquet`, `html`, `text`. */
  readonly format: string
  /** Throws StorageError where the file is missing or the storage does not answer. */
  read(storage: Storage, name: string, options?: ReadOptions): AsyncIterable<ReadRecord>
}
