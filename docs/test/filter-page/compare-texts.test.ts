import { words } from '@almanac/data-filter'
import {
  FINEWEB_MINHASH,
  type Normalisation,
  openMinhasher,
  shingles,
  simplifyText,
} from '@almanac/data-filter/minhash'
import { expect, test } from 'vitest'
import { collisionProbability } from '../../src/filter-page/collision-probability.js'
import { compareTexts } from '../../src/filter-page/compare-texts.js'
import { NEAR_DUPLICATES } from '../../src/filter-page/near-duplicate-pair.js'

/** The similarity of two texts' sets of shingles, from the shingles themselves. */
function jaccard(texts: readonly [string, string], normalisation: Normalisation): number {
  const [a, b] = texts.map((text) => new Set(shingles(words(simplifyText(text, normalisation))))) as [
    Set<string>,
    Set<string>,
  ]
  const common = [...a].filter((shingle) => b.has(shingle)).length
  return common / (a.size + b.size - common)
}

test.each(['datatrove-0.10', 'fineweb-2024-05'] as const)(
  'the example pair is compared as its shingles and signatures say (%s)',
  async (normalisation) => {
    const found = await compareTexts(NEAR_DUPLICATES, normalisation)
    expect(found.jaccard).toBe(jaccard(NEAR_DUPLICATES, normalisation))
    expect(found.jaccard).toBeGreaterThan(0.5)
    expect(found.jaccard).toBeLessThan(0.95)
    const minhasher = await openMinhasher({ ...FINEWEB_MINHASH, normalisation, tokenizer: 'words' }, words)
    const [a, b] = NEAR_DUPLICATES.map((text) => [
      ...new BigUint64Array(minhasher.signature(text)?.buffer as ArrayBuffer),
    ])
    const equal = (a as bigint[]).map((minimum, k) => minimum === (b as bigint[])[k])
    expect(equal).toHaveLength(112)
    expect(found.estimate).toBe(equal.filter(Boolean).length / 112)
    const buckets = Array.from({ length: 14 }, (_, i) => equal.slice(8 * i, 8 * i + 8).every(Boolean))
    expect(found.sharedBuckets).toBe(buckets.filter(Boolean).length)
  },
)

test('equal texts are alike, unrelated ones are not, and texts without a shingle have no similarity', async () => {
  const text = NEAR_DUPLICATES[0]
  expect(await compareTexts([text, text], 'datatrove-0.10')).toMatchObject({
    jaccard: 1,
    estimate: 1,
    sharedBuckets: 14,
  })
  const other = 'Seven more words that no mill has ever ground into flour'
  expect(await compareTexts([text, other], 'datatrove-0.10')).toMatchObject({
    jaccard: 0,
    estimate: 0,
    sharedBuckets: 0,
  })
  for (const short of ['', 'four words and \0', ' \n ']) {
    const found = await compareTexts([text, short], 'datatrove-0.10')
    expect(found).toMatchObject({ jaccard: null, estimate: null, sharedBuckets: 0 })
    expect(found.shingles[1]).toBe(0)
  }
})

test('the probability of a shared bucket is that of the paper at its quoted similarities', () => {
  // Penedo et al. 2024, section 3.4: 0.7, 0.75, 0.8 and 0.85 are found with 56 %, 77 %, 92 % and 98.8 %.
  for (const [similarity, share] of [
    [0.7, 0.56],
    [0.75, 0.77],
    [0.8, 0.92],
    [0.85, 0.988],
  ] as const) {
    expect(Math.abs(collisionProbability(similarity, 14, 8) - share)).toBeLessThan(0.006)
  }
  expect(collisionProbability(0, 14, 8)).toBe(0)
  expect(collisionProbability(1, 14, 8)).toBe(1)
})
