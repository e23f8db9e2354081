import { describe, expect, test } from 'vitest'
import { applyFilters, PROFILES, replayFilters } from '../../src/index.js'
import {
  type LanguageFilterOptions,
  type LanguageGuess,
  type LanguageIdentifier,
  languageFilter,
  openEld,
  openFastTextModel,
} from '../../src/language/index.js'
import { DECLARATION } from './declaration.js'
import { lid176 } from './original-fasttext.js'

/** Reads its guess from the text: `en 0.7 de 0.2`. */
const scripted: LanguageIdentifier = {
  name: 'scripted',
  identify(text): LanguageGuess {
    const parts = text.split(' ')
    const all = new Map(parts.flatMap((part, i) => (i % 2 ? [] : [[part, Number(parts[i + 1] ?? 0)] as const])))
    const [best] = [...all].sort(([, a], [, b]) => b - a)
    return { language: best?.[0] ?? '', score: best?.[1] ?? 0, all }
  },
}
const verdictOf = (text: string, options: Partial<LanguageFilterOptions> = {}) =>
  applyFilters([languageFilter({ identifier: scripted, ...options })], { all: true })({
    id: '1',
    text,
    metadata: { url: 'u' },
  })
const reasonsOf = (text: string, options: Partial<LanguageFilterOptions> = {}): string[] =>
  verdictOf(text, options).reasons.map((reason) => reason.replace('language/', ''))

const [BELOW, ABOVE] = [0.65 - 2 ** -53, 0.65 + 2 ** -53 * 2]

describe.each(Object.values(PROFILES))('$name', ({ name, languageScoreMayEqual }) => {
  test('a score at 0.65, just below and just above', () => {
    expect(reasonsOf(`en ${BELOW}`, { profile: name })).toEqual(['language_score'])
    expect(reasonsOf('en 0.65', { profile: name })).toEqual(languageScoreMayEqual ? [] : ['language_score'])
    expect(reasonsOf(`en ${ABOVE}`, { profile: name })).toEqual([])
  })
})

test('any language may have the score where none is named', () => {
  expect(reasonsOf('xx 0.9')).toEqual([])
})

test('with languages one of them needs the score', () => {
  const languages = ['en', 'fr']
  expect(reasonsOf('en 0.7', { languages })).toEqual([])
  expect(reasonsOf('fr 0.7 en 0.1', { languages })).toEqual([])
  expect(reasonsOf('de 0.7 en 0.1', { languages })).toEqual(['language'])
  expect(reasonsOf('de 0.3 en 0.2', { languages })).toEqual(['language_score', 'language'])
  expect(reasonsOf('de 0.65 en 0.65', { languages })).toEqual(['language_score', 'language'])
  expect(reasonsOf('de 0.65 en 0.65', { languages, mayEqual: true })).toEqual([])
  // As in datatrove, another may be likelier.
  expect(reasonsOf('de 0.45 en 0.4', { languages, score: 0.3 })).toEqual([])
})

test('an identifier that gives one score has no others', () => {
  const identifier: LanguageIdentifier = { name: 'one', identify: () => ({ language: 'de', score: 0.9 }) }
  expect(reasonsOf('', { identifier, languages: ['de', 'en'] })).toEqual([])
  expect(reasonsOf('', { identifier, languages: ['en'] })).toEqual(['language'])
})

test('language and score join the metadata', () => {
  const verdict = verdictOf('de 0.7 en 0.1', { languages: ['en'] })
  expect(verdict.document.metadata).toEqual({ url: 'u', language: 'de', language_score: 0.7 })
  expect(verdict.statistics['language']).toEqual({ language_score: 0.7, wanted_language_score: 0.1 })
  expect(verdictOf('de 0.7').statistics['language']).toEqual({ language_score: 0.7 })
})

test('decisions follow from statistics alone, with another score too', () => {
  const { statistics } = verdictOf('de 0.3 en 0.2', { languages: ['en'] })
  const again = (score: number) =>
    replayFilters([languageFilter({ identifier: scripted, languages: ['en'], score })], statistics)
  expect(again(0.65)).toEqual({ filter: 'language', reason: 'language_score' })
  expect(again(0.25)).toEqual({ filter: 'language', reason: 'language' })
  expect(again(0.1)).toBeNull()
})

test('what is no option', () => {
  expect(() => languageFilter({ identifier: scripted, score: Number.NaN })).toThrow(
    'languageFilter: expected score to be a number, got NaN. The profiles have 0.65.',
  )
  expect(() => languageFilter({ identifier: scripted, languages: [] })).toThrow(
    'languageFilter: expected languages to name one at least, got none. Leave it out to keep all languages.',
  )
})

test('with lid.176, as FineWeb', () => {
  const identifier = openFastTextModel(lid176(), { name: 'lid.176' })
  const english = (text: string) => reasonsOf(text, { identifier, languages: ['en'] })
  expect(english(DECLARATION['en'] as string)).toEqual([])
  expect(english(DECLARATION['de'] as string)).toEqual(['language'])
  expect(english('zxq vbn jkl qwe rty')).toEqual(['language_score', 'language'])
})

describe('eld', async () => {
  const large = await openEld()
  const small = await openEld({ size: 'extrasmall' })
  /** eld does not tell Indonesian from Malay. */
  const known = Object.entries(DECLARATION).filter(([language]) => language !== 'id')
  test.each([large, small])('$name names languages, with a score above that of FineWeb', (eld) => {
    for (const [language, text] of known) {
      const guess = eld.identify(text)
      expect(guess.language).toBe(language)
      expect(guess.score).toBeGreaterThan(0.65)
      expect(guess.score).toBeLessThan(1)
      expect(guess.all?.get(language)).toBe(guess.score)
    }
  })
  test('what is no language, or one that it does not know, is below it', () => {
    const others = {
      letters: 'xk2 qvz 9dk jw7 bnm0 zzq trw pqx kkj wvu',
      names: 'Smith Miller Garcia Rodriguez Johansson Nowak Rossi Bianchi Dupont Martin Bernard Ivanov',
      esperanto:
        'Ĉiuj homoj estas denaske liberaj kaj egalaj laŭ digno kaj rajtoj. Ili posedas racion kaj konsciencon, kaj devus konduti unu al alia en spirito de frateco.',
      swahili:
        'Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. Wote wamejaliwa akili na dhamiri, hivyo yapasa watendeane kindugu.',
    }
    for (const text of Object.values(others)) expect(large.identify(text).score).toBeLessThan(0.6)
  })
  test('a text in two languages passes, which fastText does not let pass', () => {
    const mixed = `${DECLARATION['en']} ${DECLARATION['de']} ${DECLARATION['fr']}`
    expect(large.identify(mixed).score).toBeGreaterThan(0.65)
    expect(openFastTextModel(lid176()).identify(mixed).score).toBeLessThan(0.65)
  })
  test.each([
    ['empty', ''],
    ['digits', '123 456'],
    ['null bytes', '\0\0\0'],
    ['lone surrogates', '\ud800 \udc00\udc00'],
    ['5 MB', 'x'.repeat(5_000_000)],
  ])('hostile texts get a score: %s', (_name, text) => {
    const { score } = large.identify(text)
    expect(score).toBeGreaterThanOrEqual(0)
    expect(score).toBeLessThan(0.65)
  })
  test('nothing is said of a text without letters', () => {
    expect(large.identify('')).toEqual({ language: '', score: 0, all: new Map() })
    expect(reasonsOf('', { identifier: large })).toEqual(['language_score'])
  })
})
