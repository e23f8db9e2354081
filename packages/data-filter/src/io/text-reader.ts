import type { Reader } from '../read-record.js'
import { fileDocumentReader } from './file-document-reader.js'

/** Reads text files, plain or gzip, each one document, called by its name. Skipped: `too-large`, `bad-charset`, `empty`, `broken-file`. */
export function textReader(): Reader {
  return fileDocumentReader('text', 'textReader', undefined)
}
