import { expect, test } from 'vitest'
import { wordCache } from '../../src/language/fasttext-word-cache.js'

const cache = wordCache()
const bytesOf = (word: string): Uint8Array => new TextEncoder().encode(`.${word}.`)
const remember = (word: string, hash: number, rows: readonly number[]): void => {
  const bytes = bytesOf(word)
  cache.begin(hash, bytes, 1, bytes.length - 1)
  for (const row of rows) cache.note(row)
}
const recall = (word: string, hash: number): number[] | null => {
  const found: number[] = []
  const bytes = bytesOf(word)
  return cache.recall(hash, bytes, 1, bytes.length - 1, (row) => found.push(row)) ? found : null
}

test('a word is remembered with its rows, in their order', () => {
  expect(recall('word', 5)).toBeNull()
  remember('word', 5, [3, 1, 3])
  remember('none', -7, [])
  expect(recall('word', 5)).toEqual([3, 1, 3])
  expect(recall('none', -7)).toEqual([])
})

test('another word of the same hash, or of the same place, is another', () => {
  remember('word', 5, [1])
  expect(recall('ward', 5)).toBeNull()
  expect(recall('words', 5)).toBeNull()
  remember('other', 5 + 2 ** 13, [2])
  expect(recall('other', 5 + 2 ** 13)).toEqual([2])
  expect(recall('word', 5)).toBeNull()
})

test('at the limits: 24 bytes and 64 rows are remembered, more are not', () => {
  const rows = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
  remember('x'.repeat(24), 9, [1])
  expect(recall('x'.repeat(24), 9)).toEqual([1])
  remember('x'.repeat(25), 9, [2])
  expect(recall('x'.repeat(25), 9)).toBeNull()
  expect(recall('x'.repeat(24), 9)).toEqual([1])
  remember('many', 10, rows(64))
  expect(recall('many', 10)).toEqual(rows(64))
  remember('more', 10, rows(65))
  expect(recall('more', 10)).toBeNull()
  expect(recall('many', 10)).toBeNull()
})
