import { expect, test } from 'vitest'
import { readOptions } from '../src/options.js'

test('options, and what they are without any', () => {
  expect(readOptions([])).toMatchObject({ crawl: 5000, texts: 200_000, kills: 5, threads: 2, seed: 1 })
  expect(readOptions(['--crawl', '10', '--kills', '2'])).toMatchObject({ crawl: 10, kills: 2 })
})

test('mistakes say what was expected', () => {
  expect(() => readOptions(['--kills', '0'])).toThrow(
    "filter-kills: expected --kills as a whole number from 1 to 100, got '0'.",
  )
  expect(() => readOptions(['--pages', '/no/such'])).toThrow(
    'filter-kills: expected a folder for --pages, got nothing at /no/such.',
  )
})
