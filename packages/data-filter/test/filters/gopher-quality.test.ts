import { describe, expect, test } from 'vitest'
import { type Filter, gopherQuality, PROFILES } from '../../src/index.js'
import { differentWords, measured, reasonsOf } from './reasons-of.js'

const repeat = (word: string, times: number): string[] => Array.from({ length: times }, () => word)
const spaced = (...words: readonly (readonly string[])[]): string => words.flat().join(' ')

// [reason, a text that is kept by a little, one at the threshold, one dropped by a little]; at the threshold all are kept.
const CASES: readonly (readonly [reason: string, kept: string, at: string, dropped: string])[] = [
  ['gopher_short_doc', spaced(differentWords(51)), spaced(differentWords(50)), spaced(differentWords(49))],
  // Marks are no words: 50 words and a period; 49 and two.
  [
    'gopher_short_doc',
    spaced(differentWords(51), ['.']),
    spaced(differentWords(50), ['!']),
    spaced(differentWords(49), ['?', '.']),
  ],
  ['gopher_long_doc', spaced(repeat('word', 99_999)), spaced(repeat('word', 100_000)), spaced(repeat('word', 100_001))],
  [
    'gopher_below_avg_threshold',
    spaced(repeat('abc', 59), ['abcd']),
    spaced(repeat('abc', 60)),
    spaced(repeat('abc', 59), ['ab']),
  ],
  [
    'gopher_above_avg_threshold',
    spaced(repeat('a'.repeat(10), 59), ['b'.repeat(9)]),
    spaced(repeat('a'.repeat(10), 60)),
    spaced(repeat('a'.repeat(10), 59), ['b'.repeat(11)]),
  ],
  ...(['#', '...', '…'] as const).map(
    (mark) =>
      [
        mark === '#' ? 'gopher_too_many_hashes' : 'gopher_too_many_ellipsis',
        spaced(repeat('word', 91), repeat(mark, 9)),
        spaced(repeat('word', 90), repeat(mark, 10)),
        spaced(repeat('word', 89), repeat(mark, 11)),
      ] as const,
  ),
  ...(['- item', '• item', '  -item'] as const).map(
    (line) =>
      [
        'gopher_too_many_bullets',
        [...repeat(line, 8), 'text', 'text'].join('\n'),
        [...repeat(line, 9), 'text'].join('\n'),
        repeat(line, 10).join('\n'),
      ] as const,
  ),
  ...(['more...', 'more…', 'more... '] as const).map(
    (line) =>
      [
        'gopher_too_many_end_ellipsis',
        [...repeat(line, 2), ...repeat('text', 8)].join('\n'),
        [...repeat(line, 3), ...repeat('text', 7)].join('\n'),
        [...repeat(line, 4), ...repeat('text', 6)].join('\n'),
      ] as const,
  ),
  [
    'gopher_below_alpha_threshold',
    spaced(repeat('word', 81), repeat('123', 19)),
    spaced(repeat('word', 80), repeat('123', 20)),
    spaced(repeat('word', 79), repeat('123', 21)),
  ],
  ['gopher_enough_stop_words', 'the be to', 'the of', 'the the'],
  // As they are written.
  ['gopher_enough_stop_words', 'and that have', 'and that', 'And that'],
]

describe.each(Object.values(PROFILES))('$name', (profile) => {
  const filter = profile.filters().find((one) => one.name === 'gopher-quality') as Filter
  test.each(CASES)('%s', (reason, kept, at, dropped) => {
    expect(reasonsOf(filter, kept)).not.toContain(reason)
    expect(reasonsOf(filter, at)).not.toContain(reason)
    expect(reasonsOf(filter, dropped)).toContain(reason)
  })
})

test('statistics by hand', () => {
  const { statistics } = measured(gopherQuality(), 'The cat, #1, sat...\n- on 2 mats.')
  // The cat , # 1 , sat ... - on 2 mats . : 13 tokens, of which words are The cat 1 sat on 2 mats.
  expect(statistics).toEqual({
    words: 7,
    mean_word_length: (3 + 3 + 1 + 3 + 2 + 1 + 4) / 7,
    hashes_per_word: 1 / 13,
    ellipses_per_word: 1 / 13,
    bullet_lines: 1 / 2,
    ellipsis_lines: 1 / 2,
    letter_words: 5 / 13,
    stop_words: 0,
  })
})

test('the length of a word is in code points', () => {
  expect(measured(gopherQuality(), '\u{1f600}\u{1f600} ab').statistics['mean_word_length']).toBe(2)
})

test('a text without words is short, and no share of it is counted', () => {
  expect(reasonsOf(gopherQuality(), '')).toEqual(['gopher_short_doc', 'gopher_enough_stop_words'])
  expect(reasonsOf(gopherQuality(), '...')).toContain('gopher_short_doc')
})
