/** Text to token ids and back. */
export interface Tokenizer {
  readonly vocabularySize: number
  /** Begins a text; undefined where the vocabulary has none. */
  readonly bosId: number | undefined
  /** Ends a text. */
  readonly eosId: number | undefined
  /** Ids of a text, with the beginning-of-text id (if there is one) first unless `bos` is false. */
  encode(text: string, options?: { readonly bos?: boolean }): number[]
  /** The text of ids; special ids give nothing, broken UTF-8 gives U+FFFD. */
  decode(ids: readonly number[]): string
  /** A decoder that is fed one id at a time and never gives half a character. */
  stream(): StreamDecoder
}

export interface StreamDecoder {
  /** The text that this id completes, which may be empty. */
  push(id: number): string
  /** What is left at the end: an unfinished character becomes U+FFFD. */
  end(): string
}
