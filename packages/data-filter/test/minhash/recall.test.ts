import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { distinctHashes, FINEWEB_MINHASH, jaccardSimilarity, openMinhasher } from '../../src/minhash/index.js'

/** The least and the most successes that lie within the middle 99 % of a binomial distribution. */
function binomialInterval(trials: number, p: number): [number, number] {
  let low = 0
  let high = trials
  // P(X = 0) and then each from the one before, in logarithms.
  let log = trials * Math.log1p(-p)
  let below = 0
  for (let k = 0; k <= trials; k++) {
    if (k > 0) log += Math.log(((trials - k + 1) / k) * (p / (1 - p)))
    const through = below + Math.exp(log)
    if (below <= 0.005 && through > 0.005) low = k
    if (below < 0.995 && through >= 0.995) high = k
    below = through
  }
  return [low, high]
}

describe('recall', () => {
  test('the interval is that of a fair coin', () => {
    // 100 throws: P(X <= 36) = .0033 and P(X <= 37) = .0060.
    expect(binomialInterval(100, 0.5)).toEqual([37, 63])
  })

  // Shingles of one word: two sets of n words with c in common have 400 words together and the similarity c / 400.
  test.each([
    [0.5, 300, 200],
    [0.6, 320, 240],
    [0.7, 340, 280],
    [0.8, 360, 320],
    [0.9, 380, 360],
  ])('of pairs with similarity %f is 1 - (1 - s^8)^14', async (similarity, size, common) => {
    const config = { ...FINEWEB_MINHASH, shingleWords: 1, tokenizer: 'words' }
    const minhasher = await openMinhasher(config, (text) => text.split(' '))
    const random = seededRandom(20_241_126)
    const trials = 2000
    let found = 0
    for (let trial = 0; trial < trials; trial++) {
      const words = Array.from({ length: 400 }, (_, i) => `${trial}x${i}x${random.integer(2 ** 32)}`)
      const one = minhasher.signatureOfWords(words.slice(0, size)) as Uint32Array
      const other = minhasher.signatureOfWords(words.slice(size - common, 2 * size - common)) as Uint32Array
      const shared = Array.from({ length: 14 }, (_, bucket) =>
        one.subarray(16 * bucket, 16 * bucket + 16).every((word, i) => word === other[16 * bucket + i]),
      )
      if (shared.includes(true)) found++
    }
    const [low, high] = binomialInterval(trials, 1 - (1 - similarity ** 8) ** 14)
    expect(found).toBeGreaterThanOrEqual(low)
    expect(found).toBeLessThanOrEqual(high)
  })
})

describe('jaccardSimilarity', () => {
  test('is exact, repeated shingles count once', async () => {
    const config = { ...FINEWEB_MINHASH, normalisation: 'datatrove-0.10', tokenizer: 'spaces' } as const
    const minhasher = await openMinhasher(config, (text) => (text === '' ? [] : text.split(' ')))
    const set = (text: string) => distinctHashes(minhasher.shingleHashes(text))
    // Shingles abcde bcdef cdefa defab efabc fabcd, all of them twice but the last; the other text has three of them and one more.
    const one = set('a b c d e f a b c d e f a b c')
    expect(one).toHaveLength(12)
    expect(jaccardSimilarity(one, set('A b, c d e f a! x'))).toBe(3 / 7)
    expect(jaccardSimilarity(one, one)).toBe(1)
    expect(jaccardSimilarity(one, set('q r s t u'))).toBe(0)
    expect(jaccardSimilarity(one, set('too short'))).toBe(0)
    expect(jaccardSimilarity(set(''), set('too short'))).toBe(1)
  })

  test('of random sets is that of Set', () => {
    const random = seededRandom(8)
    for (let round = 0; round < 200; round++) {
      const draw = () =>
        Array.from({ length: random.integer(30) }, () => [random.integer(4), random.integer(4) * 2 ** 30])
      const [a, b] = [draw(), draw()]
      const [x, y] = [new Set(a.map(String)), new Set(b.map(String))]
      const common = [...x].filter((key) => y.has(key)).length
      const either = new Set([...x, ...y]).size
      const got = jaccardSimilarity(
        distinctHashes(Uint32Array.from(a.flat())),
        distinctHashes(Uint32Array.from(b.flat())),
      )
      expect(got).toBe(either === 0 ? 1 : common / either)
    }
  })
})
