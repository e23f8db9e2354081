import iconv from 'iconv-lite'

/** Text from bytes; null where they are none of the charset, or the charset is unknown. */
export function decodeStrictly(bytes: Uint8Array, charset: string): string | null {
  if (!usesIconv(charset)) {
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
  if (usesIconv(charset)) return iconv.encodingExists(charset) ? iconv.decode(bytes as Buffer, charset) : null
  return new TextDecoder(charset).decode(bytes)
}

/**
 * iconv-lite has what TextDecoder lacks (UTF-32, ISO-8859-16), and windows-1252, which Node 20 decodes as ISO-8859-1, without quotes
 * and dashes (https://github.com/nodejs/node/issues/56542); this can go with Node 20.
 */
function usesIconv(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding === 'windows-1252'
  } catch {
    return true
  }
}
