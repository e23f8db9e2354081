const FLAG_CRC = 2
const FLAG_EXTRA = 4
const FLAG_NAME = 8
const FLAG_COMMENT = 16
const RESERVED = 0xe0

/** What a gzip member begins with: the two magic bytes and the only method there is. */
export const GZIP_MAGIC = Uint8Array.of(0x1f, 0x8b, 0x08)

/**
 * Bytes of the header of the gzip member that begins here, as RFC 1952 section 2.3 has it; 'more' where it does not end within the
 * bytes, 'none' where no member begins.
 */
export function gzipHeaderBytes(bytes: Uint8Array): number | 'more' | 'none' {
  for (let i = 0; i < Math.min(3, bytes.length); i++) if (bytes[i] !== GZIP_MAGIC[i]) return 'none'
  const flags = bytes[3] ?? 0
  if (flags & RESERVED) return 'none'
  let at = 10
  if (flags & FLAG_EXTRA) {
    if (bytes.length < at + 2) return 'more'
    at += 2 + (bytes[at] as number) + 256 * (bytes[at + 1] as number)
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if (!(flags & flag)) continue
    const zero = bytes.indexOf(0, at)
    if (zero < 0) return 'more'
    at = zero + 1
  }
  if (flags & FLAG_CRC) at += 2
  return at <= bytes.length ? at : 'more'
}
