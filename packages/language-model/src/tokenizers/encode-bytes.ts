/**
 * Ids of any bytes: stretches of valid UTF-8 are encoded as text, and every byte that belongs to no character as itself,
 * so that the ids' bytes are the bytes given.
 */
export function encodeBytesWith(
  bytes: Uint8Array,
  encodeText: (text: string) => readonly number[],
  idOfByte: (byte: number) => number,
): number[] {
  const ids: number[] = []
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
  let from = 0
  const flush = (to: number) => {
    if (to > from) for (const id of encodeText(decoder.decode(bytes.subarray(from, to)))) ids.push(id)
    from = to
  }
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at)
    if (length > 0) at += length
    else {
      flush(at)
      ids.push(idOfByte(bytes[at] as number))
      from = ++at
    }
  }
  flush(bytes.length)
  return ids
}

/** Bytes of the character that begins at `at`, or 0 if none does. The Unicode Standard 16.0, table 3-7. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number
  if (first < 0x80) return 1
  const within = (i: number, low = 0x80, high = 0xbf): boolean => {
    const byte = bytes[at + i]
    return byte !== undefined && byte >= low && byte <= high
  }
  if (first >= 0xc2 && first <= 0xdf) return within(1) ? 2 : 0
  if (first >= 0xe0 && first <= 0xef) {
    const second = within(1, first === 0xe0 ? 0xa0 : 0x80, first === 0xed ? 0x9f : 0xbf)
    return second && within(2) ? 3 : 0
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const second = within(1, first === 0xf0 ? 0x90 : 0x80, first === 0xf4 ? 0x8f : 0xbf)
    return second && within(2) && within(3) ? 4 : 0
  }
  return 0
}
