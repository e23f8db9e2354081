import type { Reader } from '../read-record.js'
import { fileDocumentReader } from './file-document-reader.js'

/**
 * Reads files that are one web page each, plain or gzip; the document's text is its HTML. Skipped: `too-large`, `bad-charset`, `empty`,
 * `broken-file`.
 */
export function htmlReader(): Reader {
  return fileDocumentReader('html', 'htmlReader', 'text/html')
}
