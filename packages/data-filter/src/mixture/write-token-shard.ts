import type { Document } from '../document.js'
import type { Storage } from '../storage.js'
import type { BytesPerToken } from './token-ids.js'
import { type TokenSegment, type TokenShardEncoderOptions, tokenShardEncoder } from './token-shard-encoder.js'
import { type TokenShardMetadata, tokenShardFiles, tokenShardMetadataText } from './token-shard-files.js'

/** Documents are gathered up to so many bytes before they go to the storage. */
const SEGMENT_BYTES = 2 ** 20

export interface WriteTokenShardOptions extends TokenShardEncoderOptions {
  /** For the metadata file. */
  readonly tokenizer?: string
}

export interface WrittenTokenShard extends TokenShardMetadata {
  readonly documents: number
}

/**
 * Tokenises documents into the three files of a shard. The metadata file is written last: where it is, the others are whole.
 * Memory: a megabyte of tokens, and 8 bytes a document for the index. Throws OptionError for ids that do not fit, StorageError.
 */
export function writeTokenShard(
  storage: Storage,
  name: string,
  documents: AsyncIterable<Document> | Iterable<Document>,
  encode: (document: Document) => ArrayLike<number> | Promise<ArrayLike<number>>,
  options: WriteTokenShardOptions,
): Promise<WrittenTokenShard> {
  async function* segments(): AsyncIterable<TokenSegment> {
    const encoder = tokenShardEncoder(options)
    for await (const document of documents) {
      encoder.add(await encode(document))
      if (encoder.bytes >= SEGMENT_BYTES) yield encoder.finish()
    }
    yield encoder.finish()
  }
  return writeTokenSegments(storage, name, segments(), options)
}

/** Lays segments end to end as one shard, so that what many tasks encoded becomes one file. Throws StorageError. */
export async function writeTokenSegments(
  storage: Storage,
  name: string,
  segments: AsyncIterable<TokenSegment> | Iterable<TokenSegment>,
  options: { readonly bytesPerToken: BytesPerToken; readonly tokenizer?: string },
): Promise<WrittenTokenShard> {
  const { bytesPerToken, tokenizer = 'Unknown Tokenizer' } = options
  const files = tokenShardFiles(name)
  const index: BigUint64Array[] = []
  let tokens = 0
  async function* pieces(): AsyncIterable<Uint8Array> {
    for await (const segment of segments) {
      index.push(BigUint64Array.from(segment.ends, (end) => BigInt(end + tokens)))
      tokens += segment.tokens.length / bytesPerToken
      if (segment.tokens.length > 0) yield segment.tokens
    }
  }
  // A reader must not take an old metadata file for the new tokens'.
  await storage.remove(files.metadata)
  await storage.write(files.tokens, pieces())
  await storage.write(
    files.index,
    index.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  )
  const metadata = { tokenizer, bytesPerToken, tokens }
  await storage.write(files.metadata, [new TextEncoder().encode(tokenShardMetadataText(metadata))])
  return { ...metadata, documents: index.reduce((sum, { length }) => sum + length, 0) }
}
