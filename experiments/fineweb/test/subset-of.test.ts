import { expect, test } from 'vitest'
import { subsetOf } from '../src/subset-of.js'

const raw = Array.from({ length: 31 }, (_, i) => ({ id: `d${i}`, text: `${i}`, metadata: {} }))

test.each([1, 2, 3])('%i subsets share nothing, miss nothing, and are of like size', (subsets) => {
  const parts = Array.from({ length: subsets }, (_, i) => subsetOf(raw, raw, i, subsets))
  expect(new Set(parts.flat()).size).toBe(raw.length)
  expect(parts.flat()).toHaveLength(raw.length)
  for (const part of parts) expect(Math.abs(part.length - raw.length / subsets)).toBeLessThan(1)
})

test("an arm's subset is what the arm has of the raw one, though its texts may differ", () => {
  const arm = raw.filter((_, i) => i % 3 !== 0).map((document) => ({ ...document, text: 'shorter' }))
  const ids = (documents: readonly { readonly id: string }[]) => documents.map(({ id }) => id)
  for (const subset of [0, 1]) {
    const whole = new Set(ids(subsetOf(raw, raw, subset, 2)))
    const part = subsetOf(raw, arm, subset, 2)
    expect(part.length).toBeGreaterThan(8)
    for (const document of part) expect(whole.has(document.id) && document.text === 'shorter').toBe(true)
  }
})
