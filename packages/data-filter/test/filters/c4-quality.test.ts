import { describe, expect, test } from 'vitest'
import { c4Quality, type Filter, PROFILES } from '../../src/index.js'
import { measured, reasonsOf } from './reasons-of.js'

const lines = (...of: string[]): string => of.join('\n')
const five = lines('This is one. This is two.', 'And here is three.', 'Now there is four.', 'At last comes five.')
const textOf = (filter: Filter, text: string): string | undefined => measured(filter, text).text

describe.each(Object.values(PROFILES))('$name', (profile) => {
  const filter = profile.filters().find((one) => one.name === 'c4-quality') as Filter
  test('fewer than five sentences are too few', () => {
    const four = five.replace('This is two.', '')
    expect(reasonsOf(filter, lines(five, 'And a sixth sentence.'))).toEqual([])
    expect(reasonsOf(filter, five)).toEqual([])
    expect(reasonsOf(filter, four)).toEqual(['too_few_sentences'])
  })
  test('lines of fewer than three words go', () => {
    expect(textOf(filter, lines(five, 'two words', 'three words here', 'four words are here'))).toBe(
      lines(five, 'three words here', 'four words are here'),
    )
  })
  test('lines with a word of more than 1,000 characters go', () => {
    const line = (length: number) => `a word ${'x'.repeat(length)}`
    expect(textOf(filter, lines(five, line(999), line(1000), line(1001)))).toBe(lines(five, line(999), line(1000)))
    // Characters are code points.
    const astral = `a word ${'\u{1f600}'.repeat(1000)}`
    expect(textOf(filter, lines(five, astral))).toBe(lines(five, astral))
  })
  test('lines need no mark at their end', () => {
    expect(textOf(filter, lines(five, 'this has no mark'))).toBe(lines(five, 'this has no mark'))
  })
  test.each(['javascript', 'JavaScript'])('lines with %s go', (word) => {
    expect(textOf(filter, lines(five, `Please enable ${word} to go on.`))).toBe(five)
  })
  test.each(['Terms of Use', 'privacy policy', 'cookie policy', 'uses cookies', 'use of cookies', 'use cookies'])(
    'lines about %s go',
    (phrase) => {
      expect(textOf(filter, lines(`About the ${phrase} of this site.`, five))).toBe(five)
    },
  )
  test('a page with a curly bracket or lorem ipsum goes, for the first of the two', () => {
    expect(reasonsOf(filter, lines(five, 'a b {c}'))).toEqual(['curly_bracket'])
    expect(reasonsOf(filter, lines(five, 'and Lorem Ipsum dolor'))).toEqual(['lorem_ipsum'])
    expect(reasonsOf(filter, lines(five, 'a b {c}', 'and lorem ipsum dolor'))).toEqual(['curly_bracket'])
    expect(reasonsOf(filter, lines(five, 'and lorem ipsum dolor', 'a b {c}'))).toEqual(['lorem_ipsum'])
    // A line that goes before it is looked at so far drops no page; one that mentions javascript does not reach the bracket.
    expect(reasonsOf(filter, lines(five, '{'))).toEqual([])
    expect(reasonsOf(filter, lines(five, 'some javascript {here}'))).toEqual([])
    expect(reasonsOf(filter, lines(five, 'we use cookies {here}'))).toEqual(['curly_bracket'])
  })
  test('citations go, and count as words of their line before', () => {
    expect(textOf(filter, lines(five, 'It is so.[12][edit][citation needed]'))).toBe(lines(five, 'It is so.'))
    expect(textOf(filter, lines(five, 'so [1] there'))).toBe(lines(five, 'so  there'))
    expect(textOf(filter, lines(five, 'one two [a]'))).toBe(lines(five, 'one two [a]'))
  })
})

test('the reference of TensorFlow Datasets has the two numbers the other way round', () => {
  const filter = c4Quality({ minSentences: 3, minWordsPerLine: 5 })
  const three = lines('Here are five words now. And two.', 'Here are five more words.')
  expect(reasonsOf(filter, three)).toEqual([])
  expect(textOf(filter, lines(three, 'only four words here'))).toBe(three)
  expect(reasonsOf(c4Quality(), three)).toEqual(['too_few_sentences'])
})

test('with the rule of the paper lines go that do not end in . ? ! " or \', or end in an ellipsis', () => {
  const filter = c4Quality({ terminalPunctuation: true })
  const kept = ['it is so.', 'is it so?', 'it is so!', 'it is "so"', "it is 'so'"]
  const gone = ['it is so', 'it is so:', 'it is so...', 'it is so…', 'it is so)']
  expect(textOf(filter, lines(...kept, ...gone))).toBe(lines(...kept))
})

test('lines end where Python ends them, and lose white space at both ends', () => {
  expect(textOf(c4Quality(), '  a b c \r\nd e f\u2028g h i\u0085\tj k l\n\n')).toBe('a b c\nd e f\ng h i\nj k l')
})

test('what was measured', () => {
  expect(measured(c4Quality(), lines(five, 'too short', 'a b {c}')).statistics).toEqual({
    lorem_ipsum: 0,
    curly_bracket: 1,
    sentences: 5,
    lines: 6,
    lines_removed: 2,
  })
})
