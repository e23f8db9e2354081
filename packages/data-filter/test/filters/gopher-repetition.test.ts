import { describe, expect, test } from 'vitest'
import { gopherRepetition, PROFILES } from '../../src/index.js'
import { measured, reasonsOf } from './reasons-of.js'

type Side = 'below' | 'at' | 'above'

const profiles = Object.values(PROFILES)
const filterOf = (name: string) => {
  const filter = profiles
    .find((profile) => profile.name === name)
    ?.filters()
    .find((one) => one.name === 'gopher-repetition')
  if (!filter) throw new Error(`expected a filter in ${name}`)
  return filter
}

/** Pieces joined, and a last word that fills up to so many characters in all. */
const filled = (length: number, pieces: readonly string[], joint: string): string => {
  const text = pieces.join(joint) + joint
  return text + 'z'.repeat(length - text.length)
}
const A = 'abcdefghij klmnopqrs' // 20 characters

/** n words that take `letters` without what is between them. */
const gram = (n: number, letters: number): string =>
  Array.from({ length: n }, (_, i) => String.fromCharCode(97 + i).repeat(i === 0 ? letters - n + 1 : 1)).join(' ')

// Each text has a share of exactly the threshold with `at`, one that is just above with `above`, just below with `below`.
const CASES: readonly (readonly [reason: string, text: (side: Side) => string])[] = [
  ['dup_para_frac', (side) => pieces(side, '\n\n')],
  ['dup_para_char_frac', (side) => characters(side, '\n\n')],
  ['dup_line_frac', (side) => pieces(side, '\n')],
  ['dup_line_char_frac', (side) => characters(side, '\n')],
  ['top_2_gram', (side) => filled(100 + longer(side), ['aa bb', 'u', 'aa bb', 'v', 'aa bb', 'w', 'aa bb'], ' ')],
  ['top_3_gram', (side) => filled(100 + longer(side), ['aa bb ccc', 'u', 'aa bb ccc'], ' ')],
  ['top_4_gram', (side) => filled(100 + longer(side), ['a bb c d', 'u', 'a bb c d'], ' ')],
  ...[5, 6, 7, 8, 9, 10].map(
    (n) =>
      [
        `duplicated_${n}_n_grams`,
        (side: Side) => filled(100 + longer(side), [gram(n, 20 - n), 'u', gram(n, 20 - n)], ' '),
      ] as const,
  ),
]
/** A text that is longer has a smaller share. */
function longer(side: Side): number {
  return { below: 1, at: 0, above: -1 }[side]
}
/** Ten pieces, of which two, three or four occurred before. */
function pieces(side: Side, joint: string): string {
  const again = { below: 2, at: 3, above: 4 }[side]
  return Array.from({ length: 10 }, (_, i) => (i < 10 - again ? `piece ${i}` : 'piece 0')).join(joint)
}
/** A piece of 20 characters twice, in a text of 100, or one more or less. */
function characters(side: Side, joint: string): string {
  const middle = 100 + longer(side) - 2 * A.length - 2 * joint.length
  return [A, 'y'.repeat(middle), A].join(joint)
}

describe.each(profiles.map(({ name }) => name))('%s: strictly above its share a text goes', (name) => {
  test.each(CASES)('%s', (reason, text) => {
    expect(reasonsOf(filterOf(name), text('below'))).not.toContain(reason)
    expect(reasonsOf(filterOf(name), text('at'))).not.toContain(reason)
    expect(reasonsOf(filterOf(name), text('above'))).toContain(reason)
  })
})

test('shares by hand', () => {
  const { statistics } = measured(gopherRepetition(), 'a b\nc d\na b\n')
  // Lines "a b", "c d", "a b" and the empty one behind the last line's end; 12 characters.
  expect(statistics['dup_line_frac']).toBe(1 / 4)
  expect(statistics['dup_line_char_frac']).toBe(3 / 12)
  expect(statistics['dup_para_frac']).toBe(0)
  // Words a b c d a b: "a b" twice.
  expect(statistics['top_2_gram']).toBe(6 / 12)
  expect(statistics['top_4_gram']).toBe(7 / 12)
})

test('a short text that repeats nothing can still go by its first n-gram; none by n-grams that it has not', () => {
  expect(reasonsOf(gopherRepetition(), 'two words')).toEqual(['top_2_gram'])
  expect(reasonsOf(gopherRepetition(), 'one')).toEqual([])
  expect(reasonsOf(gopherRepetition(), '')).toEqual([])
})

test('thresholds can be chosen', () => {
  expect(reasonsOf(gopherRepetition({ lines: 0.1 }), pieces('below', '\n'))).toContain('dup_line_frac')
  expect(reasonsOf(gopherRepetition({ top: [1, 1, 1] }), 'two words')).toEqual([])
})
