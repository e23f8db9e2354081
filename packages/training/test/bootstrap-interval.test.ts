import { seededRandom } from '@almanac/test-kit'
import { expect, it } from 'vitest'
import { bootstrapInterval } from '../src/index.js'

it('holds the true mean in about 95 of 100 samples, and is as wide as theory says', () => {
  const random = seededRandom(2)
  let held = 0
  let width = 0
  const ROUNDS = 200
  for (let round = 0; round < ROUNDS; round++) {
    const values = Float64Array.from({ length: 60 }, () => 3 + 2 * random.normal())
    const { mean, low, high } = bootstrapInterval(values, { resamples: 400, seed: round })
    expect(low).toBeLessThan(mean)
    expect(high).toBeGreaterThan(mean)
    held += low <= 3 && 3 <= high ? 1 : 0
    width += (high - low) / ROUNDS
  }
  // Binomial with 200 draws of 0.95 (a little less for 60 values): five standard deviations are 0.08.
  expect(held / ROUNDS).toBeGreaterThan(0.86)
  expect(width).toBeCloseTo((2 * 1.96 * 2) / Math.sqrt(60), 1)
})

it('gives the same interval for the same seed, and refuses what has no interval', () => {
  const values = [1, 2, 3, 4]
  expect(bootstrapInterval(values, { seed: 1 })).toEqual(bootstrapInterval(values, { seed: 1 }))
  expect(() => bootstrapInterval([1])).toThrow('bootstrapInterval: expected two values or more, got 1.')
  expect(() => bootstrapInterval(values, { alpha: 0 })).toThrow(
    'bootstrapInterval: expected alpha between 0 and 1, got 0.',
  )
})
