import { expect, test } from 'vitest'
import { studentInterval } from '../src/student-interval.js'

test('the interval of three values is that of Student', () => {
  const { mean, low, high } = studentInterval([1, 2, 3])
  expect(mean).toBe(2)
  // 4.303 / sqrt(3)
  expect(high - mean).toBeCloseTo(2.4843, 3)
  expect(mean - low).toBeCloseTo(high - mean, 12)
  expect(() => studentInterval([1])).toThrow('studentInterval: expected 2 to 11 values, got 1.')
})
