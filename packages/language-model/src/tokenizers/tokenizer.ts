export interface EncodeOptions {
  /** Begin with the beginning-of-text id, where the tokenizer does so. Default true. */
  readonly bos?: boolean
  /** Read the texts of special tokens as those tokens, where the tokenizer has any. Default false: they are text. */
  readonly specials?: boolean
}

/** Text to token ids and back. */
export interface Tokenizer {
  readonly vocabularySize: number
  /** Begins a text; undefined where the vocabulary has none. */
  readonly bosId: number | undefined
  /** Ends a text. */
  readonly eosId: number | undefined
  /** Ids of a text, with the beginning-of-text id (if there is one) first unless `bos` is false. */
  encode(text: string, options?: EncodeOptions): number[]
  /** The text of ids; special ids give nothing, broken UTF-8 gives U+FFFD. */
  decode(ids: readonly number[]): string
  /** Ids of any bytes, broken UTF-8 among them, without a beginning: `decodeBytes` gives the same bytes back. */
  encodeBytes(bytes: Uint8Array): number[]
  decodeBytes(ids: readonly number[]): Uint8Array
  /** A decoder that is fed one id at a time and never gives half a character. */
  stream(): StreamDecoder
}

export interface StreamDecoder {
  /** The text that this id completes, which may be empty. */
  push(id: number): string
  /** What is left at the end: an unfinished character becomes U+FFFD. */
  end(): string
}
