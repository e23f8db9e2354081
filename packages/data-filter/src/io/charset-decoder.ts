import iconv from 'iconv-lite'

/** The WHATWG name of a charset where it has one, in lower case. */
export function charsetName(label: string): string {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return label.toLowerCase()
  }
}

/** Text from bytes; null where they are none of the charset, or the charset is unknown. */
export function decodeStrictly(bytes: Uint8Array, charset: string): string | null {
  if (isDecodedHere(charset)) {
    try {
      return new TextDecoder(charset, { fatal: true }).decode(bytes)
    } catch {
      return null
    }
  }
  const text = decodeLeniently(bytes, charset)
  return text?.includes('\ufffd') ? null : text
}

/** Text from bytes, with U+FFFD for those that are none of the charset; null where the charset is unknown. */
export function decodeLeniently(bytes: Uint8Array, charset: string): string | null {
  if (isDecodedHere(charset)) return new TextDecoder(charset).decode(bytes)
  return iconv.encodingExists(charset) ? iconv.decode(bytes as Buffer, charset) : null
}

/**
 * iconv-lite has what TextDecoder lacks (UTF-32, ISO-8859-16), and windows-1252, which Node 20 decodes as ISO-8859-1, without its quotes
 * and dashes (seen in 20.20.2); that can go with Node 20.
 */
function isDecodedHere(charset: string): boolean {
  if (charset === 'windows-1252') return false
  try {
    return new TextDecoder(charset).encoding !== ''
  } catch {
    return false
  }
}
