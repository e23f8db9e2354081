import { expect, it } from 'vitest'
import { loadGolden } from '../src/golden.js'
import { goldenElement, goldenIntegers, goldenValues } from '../src/golden-inputs.js'

const GOLDEN = '../../../packages/tensor-core/test/goldens/ops.json'

it('makes the numbers that the golden scripts used', () => {
  const { meta } = loadGolden<{ meta: { check: number[] } }>(import.meta.url, GOLDEN)
  expect([0, 1, 2, 3].map((i) => goldenElement(1, i))).toEqual(meta.check)
  expect(Array.from(goldenIntegers(1, 4, 10))).toEqual(meta.check.map((element) => element % 10))
  const values = goldenValues(1, 4, 0.5, 1)
  meta.check.forEach((element, i) => {
    expect(values[i]).toBe(1 + (((element >>> 16) - 32768) / 32768) * 0.5)
  })
})

it('names the file of a golden that is missing or broken', () => {
  expect(() => loadGolden(import.meta.url, './none.json')).toThrow(/expected .*none\.json, got no such file/)
  expect(() => loadGolden(import.meta.url, './golden-inputs.test.ts')).toThrow(/expected JSON in .*golden-inputs/)
})
