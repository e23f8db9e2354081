/** Whether a text takes more than so many bytes in UTF-8. Looks no further than the limit. */
export function exceedsBytes(text: string, limit: number): boolean {
  // No text takes fewer bytes than it has UTF-16 units, and none more than three times as many.
  if (text.length > limit) return true
  if (text.length * 3 <= limit) return false
  return new TextEncoder().encodeInto(text, new Uint8Array(limit)).read < text.length
}
