/** Hashes of runs of words, 64 bits in two words, in time that does not depend on their length. */
export interface NGramHasher {
  /** Calls back for each run in order, with the number of its first word. Fewer words than a run have none. */
  each(words: readonly string[], found: (low: number, high: number, first: number) => void): void
}

/** Odd, so that multiplying loses nothing; from xxHash's constants. */
const [FACTOR_LOW, FACTOR_HIGH] = [0x9e3779b1, 0x85ebca77] as const

/**
 * Polynomials in two odd factors modulo 2^32, with the words' own hashes as coefficients: going on by a word takes the first one out
 * and the next one in. Source: Karp & Rabin 1987, "Efficient randomized pattern-matching algorithms", https://doi.org/10.1147/rd.312.0249.
 */
export function nGramHasher(size: number): NGramHasher {
  const [lastLow, lastHigh] = [power(FACTOR_LOW, size - 1), power(FACTOR_HIGH, size - 1)]
  let [lows, highs] = [new Int32Array(1024), new Int32Array(1024)]
  return {
    each(words, found) {
      const count = words.length
      if (lows.length < count) {
        lows = new Int32Array(2 * count)
        highs = new Int32Array(2 * count)
      }
      let [low, high] = [0, 0]
      for (let i = 0; i < count; i++) {
        const word = words[i] as string
        // FNV-1a and a relative with another factor, each mixed as MurmurHash3 does in the end.
        let [a, b] = [0x811c9dc5, word.length ^ 0x2f0b4c47]
        for (let k = 0; k < word.length; k++) {
          const code = word.charCodeAt(k)
          a = Math.imul(a ^ code, 0x01000193)
          b = Math.imul(b ^ code, 0x5bd1e995) ^ (b >>> 15)
        }
        lows[i] = mixed(a)
        highs[i] = mixed(b)
        if (i >= size) {
          low = (low - Math.imul(lows[i - size] as number, lastLow)) | 0
          high = (high - Math.imul(highs[i - size] as number, lastHigh)) | 0
        }
        low = (Math.imul(low, FACTOR_LOW) + (lows[i] as number)) | 0
        high = (Math.imul(high, FACTOR_HIGH) + (highs[i] as number)) | 0
        if (i >= size - 1) found(mixed(low) >>> 0, mixed(high) >>> 0, i - size + 1)
      }
    },
  }
}

function power(base: number, exponent: number): number {
  let result = 1
  for (let i = 0; i < exponent; i++) result = Math.imul(result, base)
  return result
}

function mixed(value: number): number {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
