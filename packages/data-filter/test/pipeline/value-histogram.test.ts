import { expect, test } from 'vitest'
import { binEdges, binOf, quantileOf } from '../../src/pipeline/index.js'

test('bins are a hundredth wide up to 1, and each a tenth wider above', () => {
  expect(binOf(0)).toBe(0)
  expect(binOf(0.129)).toBe(12)
  expect(binOf(1)).toBe(100)
  expect(binOf(1.05)).toBe(101)
  expect(binEdges(12)).toEqual([0.12, 0.13])
  expect(binEdges(101)[1]).toBeCloseTo(1.1, 12)
})

test('every value lies between the edges of its bin', () => {
  for (let i = 1; i < 2000; i++) {
    for (const value of [i / 977, i * 1.37, -i / 977, -i * 13.7]) {
      const [from, to] = binEdges(binOf(value))
      expect(value).toBeGreaterThanOrEqual(from - 1e-9 * Math.abs(from))
      expect(value).toBeLessThanOrEqual(to + 1e-9 * Math.abs(to))
    }
  }
})

test('quantiles to the width of a bin', () => {
  const bins: Record<number, number> = {}
  for (let i = 0; i < 1000; i++) {
    const bin = binOf(i / 1000)
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  expect(quantileOf(bins, 0.5)).toBeCloseTo(0.5, 2)
  expect(quantileOf(bins, 0.9)).toBeCloseTo(0.9, 2)
  expect(quantileOf({}, 0.5)).toBeNull()
})
