/** Token ids as shards store them: two bytes each for vocabularies of at most 65,536, else four. */
export type TokenIds = Uint16Array | Uint32Array

export type BytesPerToken = 2 | 4

/** datatrove's choice: two bytes while every id fits in them. */
export function bytesPerTokenOf(vocabularySize: number): BytesPerToken {
  return vocabularySize > 2 ** 16 ? 4 : 2
}

/** The ids of little-endian bytes; a view where they lie at a multiple of their size, else a copy. */
export function idsOf(bytes: Uint8Array, bytesPerToken: BytesPerToken): TokenIds {
  const aligned = bytes.byteOffset % bytesPerToken === 0 ? bytes : bytes.slice()
  // JavaScript's typed arrays are little-endian wherever WebAssembly engines run.
  const count = aligned.byteLength / bytesPerToken
  return bytesPerToken === 2
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, count)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, count)
}
