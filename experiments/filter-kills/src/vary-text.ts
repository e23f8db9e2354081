import { random } from './random.js'

/** Words long enough to carry meaning; shorter ones stay, so that a text stays English to the rules. */
const WORD = /[A-Za-z]{5,}/g

/**
 * A text with a share of its longer words replaced by others of the same text: another document of the same kind, with the same markup
 * (words inside tags stay). The same seed gives the same document.
 */
export function varyText(text: string, seed: number, share: number): string {
  const next = random(seed)
  const pool = [...new Set(text.replace(/<[^>]*>/g, ' ').match(WORD) ?? [])]
  if (pool.length === 0) return text
  // Tags, scripts and styles as they are.
  return text.replace(/<(script|style)\b[\s\S]*?<\/\1>|<[^>]*>|[A-Za-z]{5,}/gi, (piece) =>
    piece.startsWith('<') || next() >= share ? piece : (pool[Math.floor(next() * pool.length)] as string),
  )
}
