/**
 * The printable character that stands for each byte in byte-level vocabularies: itself for printable Latin-1, and the
 * characters from U+0100 on for the others, in order. Radford et al. 2019, GPT-2, encoder.py.
 */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 0x100
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

const BYTES = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]))

/** The bytes in the order of their characters: ids 0 to 255 of a trained vocabulary, as Hugging Face's trainer orders them. */
export const ALPHABET: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte).sort((a, b) =>
  (BYTE_CHARACTERS[a] as string) < (BYTE_CHARACTERS[b] as string) ? -1 : 1,
)

/** Bytes as a byte-level token's text. */
export function toByteCharacters(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += BYTE_CHARACTERS[byte]
  return text
}

/** The bytes behind a byte-level token's text; null if a character in it stands for none. */
export function fromByteCharacters(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const byte = BYTES.get(text[i] as string)
    if (byte === undefined) return null
    bytes[i] = byte
  }
  return bytes
}
