import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { wordNumberer } from '../../src/text/word-ids.js'
import { isWord, words, wordTokenizer } from '../../src/text/word-tokens.js'

// What NLTK 3.8 gives for the same sentences (`NLTKWordTokenizer` on each sentence), quotes as they are written.
test.each([
  ["They can't pay.", ['They', 'ca', "n't", 'pay', '.']],
  ["It's fine, I'm sure; they'll go.", ['It', "'s", 'fine', ',', 'I', "'m", 'sure', ';', 'they', "'ll", 'go', '.']],
  ['It costs $1,000.50 at 3:30.', ['It', 'costs', '$', '1,000.50', 'at', '3:30', '.']],
  ['See http://x.org/a?b=1 now', ['See', 'http', ':', '//x.org/a', '?', 'b=1', 'now']],
  ['Wait... what?!', ['Wait', '...', 'what', '?', '!']],
  ['Well--no (really) [1].', ['Well', '--', 'no', '(', 'really', ')', '[', '1', ']', '.']],
  ['You cannot; they gonna.', ['You', 'can', 'not', ';', 'they', 'gon', 'na', '.']],
  ['a well-known state-of-the-art', ['a', 'well-known', 'state-of-the-art']],
  ['It’s “good” …', ['It', '’', 's', '“', 'good', '”', '…']],
  ['#tag @name 50% *star* a&b', ['#', 'tag', '@', 'name', '50', '%', '*', 'star', '*', 'a', '&', 'b']],
  ["the dogs' bowls", ['the', 'dogs', "'", 'bowls']],
])('%j', (text, expected) => {
  expect(words(text)).toEqual(expected)
})

describe('a period', () => {
  test.each([
    ['He came. She left.', ['He', 'came', '.', 'She', 'left', '.']],
    ['Mr. Smith and Dr. Who.', ['Mr.', 'Smith', 'and', 'Dr.', 'Who', '.']],
    ['the U.S. economy', ['the', 'U.S.', 'economy']],
    ['in the U.S. The economy', ['in', 'the', 'U.S', '.', 'The', 'economy']],
    ['J. Doe spoke', ['J.', 'Doe', 'spoke']],
    ['He said so." Then', ['He', 'said', 'so', '.', '"', 'Then']],
    ['file.txt is 1.5 long', ['file.txt', 'is', '1.5', 'long']],
  ])('%j', (text, expected) => {
    expect(words(text)).toEqual(expected)
  })
})

test('nothing, and nothing but white space, has no words', () => {
  expect(words('')).toEqual([])
  expect(words(' \n\t\u00a0\u2028')).toEqual([])
})

test('tokens lie in order, do not overlap, and leave out nothing but white space', () => {
  const random = seededRandom(3)
  const alphabet = 'ab N\'t.,:;-"!?#(\n 1’…\u{1f600}é中`'
  const letters = Array.from(alphabet)
  const tokenize = wordTokenizer()
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: random.integer(60) }, () => letters[random.integer(letters.length)]).join('')
    const tokens = tokenize(text)
    let last = 0
    for (let i = 0; i < tokens.count; i++) {
      const [start, end] = [tokens.starts[i] as number, tokens.ends[i] as number]
      expect(text.slice(last, start).trim(), text).toBe('')
      expect(end, text).toBeGreaterThan(start)
      last = end
    }
    expect(text.slice(last).trim(), text).toBe('')
    expect(tokens.length).toBe([...text].length)
  }
})

test('a token is a word where one of its characters is no punctuation', () => {
  const tokens = wordTokenizer()('Hi — ... 3 ( \u{1f600} 中 »')
  const found = Array.from({ length: tokens.count }, (_, i) => [
    tokens.text.slice(tokens.starts[i], tokens.ends[i]),
    isWord(tokens, i),
  ])
  expect(found).toEqual([
    ['Hi', true],
    ['—', false],
    ['...', false],
    ['3', true],
    ['(', false],
    ['\u{1f600}', true],
    ['中', true],
    ['»', false],
  ])
})

test('equal words have equal numbers, in the order of their first appearance, also in texts of many words', () => {
  const number = wordNumberer()
  const tokenize = wordTokenizer()
  expect(Array.from(number(tokenize('a b a c b a')).ids.subarray(0, 6))).toEqual([0, 1, 0, 2, 1, 0])
  const many = Array.from({ length: 50_000 }, (_, i) => `w${(i * i) % 20_011}`)
  const tokens = tokenize(many.join(' '))
  const { ids, distinct } = number(tokens)
  const seen = new Map<string, number>()
  for (const word of many) if (!seen.has(word)) seen.set(word, seen.size)
  expect(distinct).toBe(seen.size)
  expect(many.every((word, i) => ids[i] === seen.get(word))).toBe(true)
})
