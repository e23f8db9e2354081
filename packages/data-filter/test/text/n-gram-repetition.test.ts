import { seededRandom } from '@almanac/test-kit'
import { expect, test } from 'vitest'
import { nGramCounter, REPEATED_N, TOP_N } from '../../src/text/n-gram-repetition.js'
import { wordNumberer } from '../../src/text/word-ids.js'
import { words, wordTokenizer } from '../../src/text/word-tokens.js'

const [tokenize, number, count] = [wordTokenizer(), wordNumberer(), nGramCounter()]
const counted = (text: string) => {
  const tokens = tokenize(text)
  return count(tokens, number(tokens))
}

/** The same by strings, word by word, in the manner of the paper: slow and short. */
function plainly(text: string) {
  const all = words(text)
  const length = (x: string) => [...x].length
  const top = TOP_N.map((n) => {
    const counts = new Map<string, number>()
    for (let i = 0; i + n <= all.length; i++) {
      const gram = all.slice(i, i + n).join(' ')
      counts.set(gram, (counts.get(gram) ?? 0) + 1)
    }
    let best: [string, number] | null = null
    for (const [gram, times] of counts) if (!best || times > best[1]) best = [gram, times]
    return best && length(best[0]) * best[1]
  })
  const repeated = REPEATED_N.map((n) => {
    const seen = new Set<string>()
    let sum = 0
    for (let i = 0; i + n <= all.length; ) {
      const gram = all.slice(i, i + n)
      const key = gram.join(' ')
      if (seen.has(key)) {
        sum += length(gram.join(''))
        i += n
      } else {
        seen.add(key)
        i++
      }
    }
    return sum
  })
  return { top, repeated }
}

test('by hand', () => {
  // "ab cd" three times: five characters; "ab cd ab" twice: eight; "ab cd ab cd" twice: eleven.
  expect(counted('ab cd ab cd ab cd').top).toEqual([15, 16, 22])
  // Five words, and the same five again: 5 + 5 characters, of which the second five repeat.
  expect(counted('a b c d e a b c d e').repeated).toEqual([5, 0, 0, 0, 0, 0])
  expect(counted('one').top).toEqual([null, null, null])
  expect(counted('one two').top).toEqual([7, null, null])
  expect(counted('').repeated).toEqual([0, 0, 0, 0, 0, 0])
})

test('as strings give it, for texts of few and of many words', () => {
  const random = seededRandom(11)
  for (let round = 0; round < 300; round++) {
    const vocabulary = 1 + random.integer(12)
    const length = random.integer(120)
    const parts = Array.from({ length }, () => 'xé\u{1f600}abcdefghij'.slice(0, 3) + random.integer(vocabulary))
    // Passages that come again.
    if (length > 30) parts.push(...parts.slice(5, 5 + random.integer(25)))
    const text = parts.join(' ')
    expect(counted(text), text).toEqual(plainly(text))
  }
})
