/**
 * Where the needle begins in the bytes, from `from` on; -1 where it does not. The search for the first byte is native, so the needle
 * should begin with a rare one.
 */
export function findBytes(bytes: Uint8Array, needle: Uint8Array, from = 0): number {
  const first = needle[0] as number
  const last = bytes.length - needle.length
  for (let at = bytes.indexOf(first, from); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    if (startsWithBytes(bytes, needle, at)) return at
  }
  return -1
}

export function startsWithBytes(bytes: Uint8Array, needle: Uint8Array, at = 0): boolean {
  for (let i = 0; i < needle.length; i++) if (bytes[at + i] !== needle[i]) return false
  return true
}
