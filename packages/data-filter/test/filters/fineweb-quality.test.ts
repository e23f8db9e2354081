import { expect, test } from 'vitest'
import { type Filter, fineWebQuality, PROFILES, type ProfileName } from '../../src/index.js'
import { differentWords, measured, reasonsOf } from './reasons-of.js'

const filterOf = (name: ProfileName): Filter =>
  PROFILES[name].filters().find((one) => one.name === 'fineweb-quality') as Filter

/** 100 lines, longer than 30 characters and all different, of which so many end in a mark. */
const punctuated = (count: number, mark = '.'): string =>
  differentWords(100, 35)
    .map((line, i) => (i < count ? line + mark : line))
    .join('\n')
/** 100 lines that end in a period, of which so many have so many characters and the others 40. */
const short = (count: number, length = 20): string =>
  differentWords(100, 39)
    .map((line, i) => (i < count ? `${line.slice(-(length - 1))}.` : `${line}.`))
    .join('\n')
/** 1,000 characters beside line ends, of which so many are of lines that occurred before. */
function repeated(characters: number): string {
  const line = `${'y'.repeat(characters - 1)}.`
  const others = 1000 - 2 * characters
  return [line, line, `${'x'.repeat(others - 1)}.`].join('\n')
}
/** 100 tokens, on so many lines and one. */
const listed = (newlines: number): string =>
  differentWords(100, 31)
    .map((word, i) => word + (i < newlines ? '\n' : ' '))
    .join('')
    .trim()

type Row = readonly [profile: ProfileName, below: boolean, at: boolean, above: boolean]
const dropped = (name: ProfileName, texts: readonly string[], reason: string): boolean[] =>
  texts.map((text) => reasonsOf(filterOf(name), text).includes(reason))

// Whether a text goes with a statistic just below, at and just above its threshold.
test.each<Row>([
  ['paper', true, true, false],
  ['fineweb-2024-05', true, true, false],
  ['datatrove-0.10', true, false, false],
])('%s: 11, 12 and 13 % of lines that end in a mark', (name, ...expected) => {
  expect(dropped(name, [punctuated(11), punctuated(12), punctuated(13)], 'line_punct_ratio')).toEqual(expected)
})

test.each<Row>([
  ['paper', false, true, true],
  ['fineweb-2024-05', false, true, true],
  ['datatrove-0.10', false, false, true],
])('%s: 66, 67 and 68 % of short lines', (name, ...expected) => {
  expect(dropped(name, [short(66), short(67), short(68)], 'short_line_ratio')).toEqual(expected)
})

test.each<Row>([
  ['paper', true, false, false],
  ['fineweb-2024-05', true, true, false],
  ['datatrove-0.10', true, true, false],
])('%s: lines of 29, 30 and 31 characters are short', (name, ...expected) => {
  expect(dropped(name, [short(100, 29), short(100, 30), short(100, 31)], 'short_line_ratio')).toEqual(expected)
})

test.each<readonly [ProfileName, readonly number[], readonly boolean[]]>([
  ['paper', [9, 10, 11, 99, 100, 101], [false, false, false, false, true, true]],
  ['fineweb-2024-05', [9, 10, 11, 99, 100, 101], [false, true, true, true, true, true]],
  ['datatrove-0.10', [9, 10, 11, 99, 100, 101], [false, false, true, true, true, true]],
])('%s: thousandths of characters in repeated lines, %j', (name, characters, expected) => {
  expect(dropped(name, characters.map(repeated), 'char_dup_ratio')).toEqual(expected)
})

test.each<Row>([
  ['paper', false, false, false],
  ['fineweb-2024-05', false, false, true],
  ['datatrove-0.10', false, false, true],
])('%s: 29, 30 and 31 line ends to 100 words', (name, ...expected) => {
  expect(dropped(name, [listed(29), listed(30), listed(31)], 'list_ratio')).toEqual(expected)
})

test('which marks end a line', () => {
  const ends = (name: ProfileName, mark: string): boolean =>
    measured(filterOf(name), punctuated(100, mark)).statistics['punctuated_lines'] === 1
  for (const mark of ['.', '!', '?'])
    expect(Object.keys(PROFILES).every((name) => ends(name as ProfileName, mark))).toBe(true)
  for (const mark of ['"', "'"]) {
    expect([ends('paper', mark), ends('fineweb-2024-05', mark), ends('datatrove-0.10', mark)]).toEqual([
      true,
      true,
      false,
    ])
  }
  for (const mark of ['。', '؟', '।', '𑂾']) {
    expect([ends('paper', mark), ends('fineweb-2024-05', mark), ends('datatrove-0.10', mark)]).toEqual([
      false,
      false,
      true,
    ])
  }
  for (const mark of [':', '…', '”', ')']) expect(ends('datatrove-0.10', mark)).toBe(false)
})

test('blank lines are no lines; nothing else is empty', () => {
  expect(reasonsOf(fineWebQuality(), '')).toEqual(['empty'])
  expect(reasonsOf(fineWebQuality(), '\n \n')).toEqual(['empty'])
  expect(measured(fineWebQuality(), 'one.\n\n  \ntwo').statistics).toMatchObject({ lines: 2, punctuated_lines: 0.5 })
})
