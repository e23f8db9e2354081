import { expect, test } from 'vitest'
import { readOptions } from '../src/options.js'

test('options have defaults, and wrong ones say what was expected', () => {
  expect(readOptions([])).toMatchObject({ steps: 1500, seeds: 3, help: false })
  expect(readOptions(['--steps', '7', '--seeds', '2'])).toMatchObject({ steps: 7, seeds: 2 })
  expect(() => readOptions(['--seeds', '1'])).toThrow(
    "kv-cache: expected --seeds as a whole number from 2 to 11, got '1'.",
  )
  expect(() => readOptions(['--steps', 'many'])).toThrow(
    "kv-cache: expected --steps as a whole number from 1, got 'many'.",
  )
})
