import { expect, test } from 'vitest'
import { HELP, readOptions } from '../src/options.js'

test('options have defaults, which the help names', () => {
  expect(readOptions([])).toEqual({
    ...{ text: undefined, arms: ['raw', 'filtered', 'thinned'], steps: 600, seeds: 2, subsets: 2 },
    ...{ threads: undefined, out: undefined, help: false },
  })
  for (const words of ['default raw,filtered,thinned', '(default 600)']) expect(HELP).toContain(words)
  expect(HELP.match(/\(default 2\)/g)).toHaveLength(2)
})

test('arms come in the order of the table, whatever order they are asked in', () => {
  expect(readOptions(['--arms', 'dedup,filtered,raw']).arms).toEqual(['raw', 'filtered', 'dedup'])
})

test.each([
  [['--steps', '0'], "fineweb: expected --steps as a whole number from 1, got '0'."],
  [['--seeds', 'two'], "fineweb: expected --seeds as a whole number from 1 to 11, got 'two'."],
  [
    ['--seeds', '1', '--subsets', '1'],
    'fineweb: expected --seeds times --subsets from 2 to 11, got 1 x 1. An interval needs two runs an arm.',
  ],
  [
    ['--seeds', '4', '--subsets', '3'],
    'fineweb: expected --seeds times --subsets from 2 to 11, got 4 x 3. An interval needs two runs an arm.',
  ],
  [
    ['--arms', 'raw,clean'],
    "fineweb: expected --arms of raw, filtered, thinned, gopher, c4, fineweb, dedup, got 'clean'.",
  ],
  [
    ['--arms', 'raw,dedup'],
    "fineweb: expected --arms with raw and filtered, got 'raw,dedup'. They are what is compared.",
  ],
])('%j is refused', (args, message) => {
  expect(() => readOptions(args)).toThrow(new RangeError(message))
})
