import { FormatError, OptionError } from '../data-filter-error.js'
import { documentIndex } from './document-index.js'
import type { PositionedFile } from './positioned-file.js'
import { type BytesPerToken, idsOf, type TokenIds } from './token-ids.js'
import type { TokenShardMetadata } from './token-shard-files.js'
import { type BytesWanted, readBytes, readBytesNow } from './wanted-bytes.js'

/** Starts are 32-bit numbers. */
const MOST_TOKENS = 2 ** 31 - 1

/** Tokens that lie one after another in a shard, and where documents begin in them. What training calls packed documents. */
export interface TokenWindow {
  readonly tokens: TokenIds
  /** Index in `tokens` of each document's first token, ascending, and 0 before all: the first may have begun earlier. */
  readonly starts: Int32Array
}

/**
 * A shard's documents and tokens by their places; only what is asked for is read. A file of this machine is read at places through the
 * kernel's page cache, which gives what mapping it into memory would give but for one copy; Node has no mmap.
 */
export interface TokenShard {
  /** The tokens' file, for messages. */
  readonly where: string
  readonly bytesPerToken: BytesPerToken
  /** All tokens, end tokens among them. */
  readonly tokens: number
  readonly documents: number
  /** Null where no metadata file says it. */
  readonly tokenizer: string | null
  /** Whether `windowNow` works: the files are on this machine. */
  readonly immediate: boolean
  /** Tokens from `start` up to and without `end`. Throws OptionError outside the shard, StorageError, FormatError. */
  window(start: number, end: number): Promise<TokenWindow>
  /** The same without waiting, for training's synchronous batches. It holds up the thread where the disk has to be read. */
  windowNow(start: number, end: number): TokenWindow
  /** One document's tokens. */
  document(index: number): Promise<TokenIds>
  /** All windows of `length` tokens from `start` on, one after another; the last is shorter. */
  windows(start: number, length: number): AsyncIterable<TokenWindow>
  close(): Promise<void>
}

export interface TokenShardParts {
  readonly tokens: PositionedFile
  readonly index: PositionedFile
  readonly metadata: TokenShardMetadata | null
  readonly bytesPerToken: BytesPerToken
}

/**
 * A shard of its files. Reads the index once, to see that ends ascend up to the tokens' number; it keeps 8 bytes for 512 documents.
 * Throws FormatError where the files do not fit together.
 */
export async function tokenShard({ tokens, index, metadata, bytesPerToken }: TokenShardParts): Promise<TokenShard> {
  const { where } = tokens
  if (tokens.bytes % bytesPerToken !== 0)
    throw new FormatError(where, `whole tokens of ${bytesPerToken} bytes`, `${tokens.bytes} bytes`, 'Write it again.')
  const count = tokens.bytes / bytesPerToken
  if (metadata && metadata.tokens !== count)
    throw new FormatError(where, `${metadata.tokens} tokens, as its metadata has it`, `${count}`, 'Write it again.')
  const documents = await documentIndex(index, count)

  const check = (what: string, start: number, end: number): void => {
    if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= count) return
    throw new OptionError(what, `tokens between 0 and ${count}`, `${start} to ${end}`)
  }
  const checkLength = (what: string, length: number): void => {
    if (length <= MOST_TOKENS) return
    throw new OptionError(what, `at most ${MOST_TOKENS} tokens`, `${length}`, 'Go through them with windows.')
  }
  function* tokensWanted(start: number, end: number): BytesWanted<TokenIds> {
    const bytes = yield { file: tokens, start: start * bytesPerToken, end: end * bytesPerToken }
    return idsOf(bytes, bytesPerToken)
  }
  function* windowWanted(start: number, end: number): BytesWanted<TokenWindow> {
    check(`${where}: window`, start, end)
    checkLength(`${where}: window`, end - start)
    return { tokens: yield* tokensWanted(start, end), starts: yield* documents.starts(start, end) }
  }
  function* documentWanted(at: number): BytesWanted<TokenIds> {
    if (!(Number.isInteger(at) && at >= 0 && at < documents.count))
      throw new OptionError(`${where}: document`, `a document from 0 to ${documents.count - 1}`, `${at}`)
    return yield* tokensWanted(...(yield* documents.range(at)))
  }
  const immediate = Boolean(tokens.readNow && index.readNow)
  return {
    where,
    bytesPerToken,
    tokens: count,
    documents: documents.count,
    tokenizer: metadata?.tokenizer ?? null,
    immediate,
    window: (start, end) => readBytes(windowWanted(start, end)),
    windowNow(start, end) {
      if (immediate) return readBytesNow(windowWanted(start, end))
      const hint = 'Open the shard of a folder, or use window.'
      throw new OptionError(`${where}: windowNow`, 'files of this machine', 'a storage that has to be waited for', hint)
    },
    document: (at) => readBytes(documentWanted(at)),
    async *windows(start, length) {
      if (!(Number.isInteger(length) && length >= 1))
        throw new OptionError(`${where}: windows`, 'a whole length from 1', `${length}`)
      for (let at = start; at < count; at += length) yield readBytes(windowWanted(at, Math.min(at + length, count)))
    },
    async close() {
      await Promise.all([tokens.close(), index.close()])
    },
  }
}
