/** The words' bytes. JavaScript's typed arrays are little-endian wherever WebAssembly engines run. */
export function littleEndianBytes(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** The words of bytes, copied where they do not begin at a multiple of four. Bytes behind the last whole word are left out. */
export function littleEndianWords(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(bytes.length / 4))
}
