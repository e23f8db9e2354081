import { OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import type { Storage, StoredFile } from '../storage.js'
import type { DocumentEncoder } from './document-encoder.js'
import { type JsonlEncoderOptions, jsonlEncoder } from './jsonl-encoder.js'
import { type ParquetEncoderOptions, parquetEncoder } from './parquet-encoder.js'

export type WriteDocumentsOptions = Omit<JsonlEncoderOptions, 'gzip'> & ParquetEncoderOptions

/**
 * Writes documents to a file as its name says: `.jsonl`, `.jsonl.gz`, `.parquet`. The file is there when all are written; documents are
 * taken as the storage takes bytes. Throws OptionError for another name, StorageError where the storage does not answer.
 */
export function writeDocuments(
  storage: Storage,
  name: string,
  documents: Iterable<Document> | AsyncIterable<Document>,
  options: WriteDocumentsOptions = {},
): Promise<StoredFile> {
  const encoder = encoderFor(name, options)
  return storage.write(name, pieces(encoder, documents))
}

async function* pieces(
  encoder: DocumentEncoder,
  documents: Iterable<Document> | AsyncIterable<Document>,
): AsyncGenerator<Uint8Array, void> {
  for await (const document of documents) {
    encoder.add(document)
    yield* encoder.take()
  }
  yield await encoder.finish()
}

function encoderFor(name: string, options: WriteDocumentsOptions): DocumentEncoder {
  if (name.endsWith('.jsonl')) return jsonlEncoder(options)
  if (name.endsWith('.jsonl.gz')) return jsonlEncoder({ ...options, gzip: true })
  if (name.endsWith('.parquet')) return parquetEncoder(options)
  const expected = 'a name that ends in .jsonl, .jsonl.gz or .parquet'
  throw new OptionError('writeDocuments: name', expected, name, 'Give the file one of these endings.')
}
