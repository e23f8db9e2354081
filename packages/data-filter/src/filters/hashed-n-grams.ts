import type { WordTokens } from '../text/word-tokens.js'

/**
 * Gives the bucket of every n-gram of 1 to `longest` tokens, in their order, and returns how many there were. Letters of ASCII
 * count as small; nothing else is changed. Different n-grams may share a bucket: that is the price of a model of fixed size
 * (Weinberger et al. 2009, arXiv 0902.2206).
 */
export function hashedNGrams(
  { text, count, starts, ends }: WordTokens,
  longest: number,
  buckets: number,
  visit: (bucket: number) => void,
): number {
  /** Hashes of the tokens before, the nearest first. */
  const before = new Int32Array(longest)
  let visited = 0
  for (let i = 0; i < count; i++) {
    before.copyWithin(1, 0)
    before[0] = hashToken(text, starts[i] as number, ends[i] as number)
    let hash = 0
    for (let n = 0; n < longest && n <= i; n++) {
      hash = mix(Math.imul(hash, 0x9e3779b1) ^ (before[n] as number))
      visit((hash >>> 0) % buckets)
      visited++
    }
  }
  return visited
}

/** FNV-1a over the code units. */
function hashToken(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), 16777619)
  }
  return hash
}

/** The end of MurmurHash3: each bit of its result depends on all bits. */
function mix(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
