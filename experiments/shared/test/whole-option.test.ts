import { expect, test } from 'vitest'
import { wholeOption } from '../src/whole-option.js'

test('an option is a whole number in its range, or the error says what was expected', () => {
  const whole = wholeOption('some-experiment')
  expect(whole('steps', '7', 1)).toBe(7)
  expect(() => whole('steps', '', 0)).toThrow("some-experiment: expected --steps as a whole number from 0, got ''.")
  expect(() => whole('seeds', '1.5', 1, 4)).toThrow(
    "some-experiment: expected --seeds as a whole number from 1 to 4, got '1.5'.",
  )
})
