import { toleranceFor } from '@almanac/test-kit'
import { beforeAll, describe, expect, test } from 'vitest'
import { FormatError } from '../../src/index.js'
import { type FastTextModel, openFastTextModel } from '../../src/language/index.js'
import { DECLARATION } from './declaration.js'
import { lid176, type Original, openOriginal, type Training, trainOriginal } from './original-fasttext.js'
import { quantise } from './quantise-model.js'

/** Probabilities are sums of float32 through two functions; the table's numbers are below the 1e-5 that fastText itself adds. */
const { rtol, atol } = toleranceFor('float32', 'transcendental')

const CUT = 1e-5

/** The same labels with the same probabilities; the same label first. */
function expectSame(model: FastTextModel, original: Original, text: string): void {
  const found = model.identify(text)
  const wanted = original.predict(text)
  const all = found.all as ReadonlyMap<string, number>
  for (const label of new Set([...all.keys(), ...wanted.keys()])) {
    // fastText stops where a branch of the tree has less than 1e-5; rounding decides on which side of that a label lies.
    const [ours, theirs] = [all.get(label) ?? CUT, wanted.get(label) ?? CUT]
    expect(Math.abs(ours - theirs), `${label} of ${text.slice(0, 40)}`).toBeLessThanOrEqual(atol + rtol * theirs)
  }
  // Of labels that are equally likely either may be first: the order of the original's heap is nobody's promise.
  expect(wanted.get(found.language)).toBe(wanted.size > 0 ? Math.max(...wanted.values()) : undefined)
  expect(found.score).toBe(all.get(found.language) ?? 0)
}

const pieces = (text: string): string[] => {
  const words = text.split(' ')
  const half = Math.ceil(words.length / 2)
  return [
    text,
    text.toUpperCase(),
    words.slice(0, half).join(' '),
    words.slice(half).join(' '),
    words.slice(0, 3).join(' '),
    words.slice(3, 6).join(' ') || text.slice(0, 9),
    words.at(-1) as string,
  ]
}

const HOSTILE = {
  empty: '',
  'white space': ' \t\v\f\r ',
  'null bytes': 'one\0two\0\0three',
  'a label': '__label__en Guten Tag',
  'a label that it does not know': '__label__none Guten Tag',
  'the end of a line': 'Guten Tag </s> good morning everybody',
  marks: '< > <> <<a>> </s',
  'one long word': 'wort'.repeat(5000),
  emoji: '\u{1f600}\u{1f601} \u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  digits: '1 22 333 4444',
  'what UTF-8 has least and most bytes for': 'a\u0001\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}',
}

describe('lid.176.ftz', () => {
  let model: FastTextModel
  let original: Original
  beforeAll(async () => {
    model = openFastTextModel(lid176())
    original = await openOriginal(lid176())
  })
  test('is what it is', () => {
    expect(model.labels).toHaveLength(176)
    expect(model.dim).toBe(16)
    expect(model.name).toBe('fasttext')
  })
  test.each(Object.entries(DECLARATION))('%s: predictions are those of the original', (_language, text) => {
    for (const piece of pieces(text)) expectSame(model, original, piece)
  })
  test.each(Object.entries(HOSTILE))('%s', (_name, text) => expectSame(model, original, text))
  test('there are enough texts and languages', () => {
    const texts = Object.values(DECLARATION).flatMap(pieces)
    expect(new Set(texts).size).toBeGreaterThanOrEqual(200)
    expect(Object.keys(DECLARATION).length).toBeGreaterThanOrEqual(20)
  })
  test('names the language of each', () => {
    const wrong = Object.entries(DECLARATION).filter(([language, text]) => model.identify(text).language !== language)
    // The original's own mistake.
    expect(wrong.map(([language]) => language)).toEqual(
      Object.entries(DECLARATION).flatMap(([language, text]) => {
        const [first] = [...original.predict(text)].sort(([, a], [, b]) => b - a)
        return first?.[0] === language ? [] : [language]
      }),
    )
    expect(wrong.length).toBeLessThanOrEqual(1)
  })
  test('lines are joined', () => {
    expect(model.identify('Guten\nTag,\nwie\ngeht\nes')).toEqual(model.identify('Guten Tag, wie geht es'))
  })
  test('a text of 5 MB on one line, and lone surrogates', () => {
    expect(model.identify(`${DECLARATION['de']} `.repeat(30_000)).language).toBe('de')
    expect(model.identify('x'.repeat(5_000_000)).score).toBeGreaterThan(0)
    expect(model.identify('Guten \ud800Tag\udc00, wie geht es dir heute?').language).toBe('de')
  })
  test('texts leave nothing behind', () => {
    const before = model.identify('Guten Tag')
    model.identify(`${DECLARATION['ru']} `.repeat(200))
    expect(model.identify('Guten Tag')).toEqual(before)
  })
})

const WORDS = {
  animal: ['cat', 'dog', 'horse', 'größe', 'mouse'],
  colour: ['red', 'blue', 'green', 'weiß', 'été'],
  number: ['one', 'two', 'three', 'four', 'пять'],
  rare: ['seldom', 'never', 'hardly', 'few', 'odd'],
  rarest: ['alpha', 'beta', 'gamma', 'delta', 'omega'],
}
const LABELS = ['animal', 'animal', 'animal', 'animal', 'colour', 'colour', 'number', 'rare', 'rarest'] as const
/** Lines of words, most of which are their label's. */
const LINES = Array.from({ length: 400 }, (_, i) => {
  const label = LABELS[i % LABELS.length] as (typeof LABELS)[number]
  const words = Array.from({ length: 6 }, (_, j) => {
    const from = (i * 7 + j * 3) % 10 < 7 ? label : (LABELS[(i + j) % LABELS.length] as typeof label)
    return WORDS[from][(i * 11 + j * 5) % 5]
  })
  return `__label__${label} ${words.join(' ')}`
})
const TEXTS = [
  ...LINES.slice(0, 30).map((line) => line.slice(line.indexOf(' ') + 1)),
  ...Object.values(HOSTILE),
  ...Object.values(DECLARATION),
]

const SETTINGS: Training = { loss: 'softmax', dim: 8, bucket: 1000, minn: 2, maxn: 4, wordNgrams: 3 }
const MODELS: readonly (readonly [string, Training])[] = [
  ...(['hs', 'ns', 'softmax', 'ova'] as const).map((loss) => [loss, { ...SETTINGS, loss }] as const),
  ['n-grams of one to three characters', { ...SETTINGS, minn: 1, maxn: 3 }],
  ['words alone', { ...SETTINGS, minn: 0, maxn: 0, wordNgrams: 1 }],
  ['words, and up to five in a row', { ...SETTINGS, minn: 0, maxn: 0, wordNgrams: 5, dim: 5, bucket: 99_991 }],
]

describe.each(MODELS)('trained with the original: %s', (_name, settings) => {
  test('predictions are those of the original', async () => {
    const bytes = await trainOriginal(LINES, settings)
    const [model, original] = [openFastTextModel(bytes), await openOriginal(bytes)]
    for (const text of TEXTS) expectSame(model, original, text)
    expect(model.identify('cat dog horse mouse').language).toBe('animal')
  })
  test.each([
    ['with norms', { norms: true, output: false, pruned: false }],
    ['with an output of codes', { norms: false, output: true, pruned: false }],
    ['pruned', { norms: true, output: true, pruned: true }],
  ])('quantised %s', async (_kind, kind) => {
    const bytes = quantise(await trainOriginal(LINES, settings), kind)
    const [model, original] = [openFastTextModel(bytes), await openOriginal(bytes)]
    for (const text of TEXTS) expectSame(model, original, text)
  })
})

describe('what is no model', () => {
  const WHERE = 'openFastTextModel: expected'
  let bytes: Uint8Array
  beforeAll(async () => {
    bytes = await trainOriginal(LINES, { ...SETTINGS, bucket: 100 })
  })
  const changed = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice()
    new DataView(copy.buffer).setInt32(at, value, true)
    return copy
  }
  test('other files', () => {
    expect(() => openFastTextModel(new TextEncoder().encode('2 300\nword 0.1'))).toThrow(
      `${WHERE} a fastText model, which begins with 793712314, got 808656946. Text vectors (.vec) are none.`,
    )
    expect(() => openFastTextModel(new Uint8Array(2))).toThrow(
      `${WHERE} 4 bytes of a number, got 2 bytes before the end. The file may have been cut; load it again.`,
    )
  })
  test.each([
    [4, 13, 'version 11 or 12, got version 13. Save the model with a newer fastText.'],
    [8 + 7 * 4, 2, 'a supervised model, got one of words (2). Only classifiers have labels.'],
    [8 + 6 * 4, 9, 'a loss from 1 to 4, got 9. The file is damaged.'],
    [8, 0, 'dim and bucket above 0, got 0 and 100. The file is damaged.'],
    [8 + 8 * 4, -1, 'dim and bucket above 0, got 8 and -1. The file is damaged.'],
    [
      64,
      7,
      'as many entries as words and labels, one label at least, got 7 entries, 26 words, 5 labels. The file is damaged.',
    ],
    [8, 9, 'matrices of 126 and 5 rows, 9 columns, got 126 x 8 and 5 x 8. The file is damaged.'],
    [8 + 8 * 4, 101, 'matrices of 127 and 5 rows, 8 columns, got 126 x 8 and 5 x 8. The file is damaged.'],
  ])('a number of the head: %i', (at, value, text) => {
    expect(() => openFastTextModel(changed(at, value))).toThrow(`${WHERE} ${text}`)
  })
  test('a kind of entry', () => {
    const copy = bytes.slice()
    // The first entry is </s>, a zero, a count of eight bytes, a kind.
    copy[92 + 4 + 1 + 8] = 1
    expect(() => openFastTextModel(copy)).toThrow(
      `${WHERE} words before labels, got entry 0 of kind 1. The file is damaged.`,
    )
  })
  test('a pruned n-gram of no row', () => {
    const pruned = quantise(bytes, { norms: true, output: true, pruned: true })
    const words = new DataView(pruned.buffer).getInt32(68, true)
    const copy = pruned.slice()
    // Behind the entries: the first pair.
    const at = pruned.length - quantisedBytes(words + 50, 8, true) - quantisedBytes(5, 8, true) - 2 - 50 * 8
    new DataView(copy.buffer).setInt32(at, -1, true)
    expect(() => openFastTextModel(copy)).toThrow(
      `${WHERE} n-grams and rows from 0 on, got -1 in row 0. The file is damaged.`,
    )
  })
  test('codes that do not fit', () => {
    const packed = quantise(bytes, { norms: false, output: false, pruned: false })
    const matrix = packed.length - (1 + 16 + 5 * 8 * 4) - quantisedBytes(126, 8, false)
    const copy = packed.slice()
    // Columns of the matrix, behind the norms' byte and the rows.
    new DataView(copy.buffer).setInt32(matrix + 9, 7, true)
    expect(() => openFastTextModel(copy)).toThrow(
      `${WHERE} 126 rows of 3 codes for the input matrix of 7 columns, got 378 codes for 8 columns. The file is damaged.`,
    )
  })
  test('a file that was cut, anywhere', () => {
    for (let length = 0; length < bytes.length; length += 37) {
      expect(() => openFastTextModel(bytes.subarray(0, length))).toThrow(FormatError)
    }
  })
  test('numbers at random lead to an error or a model, in little memory', () => {
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    let [errors, models] = [0, 0]
    const packed = quantise(bytes, { norms: true, output: true, pruned: true })
    for (let i = 0; i < 300; i++) {
      const copy = (i % 2 ? bytes : packed).slice()
      for (let j = 0; j < 3; j++) copy[random(j < 2 ? 1000 : copy.length)] = random(256)
      try {
        openFastTextModel(copy).identify('cat dog red')
        models++
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        errors++
      }
    }
    expect(errors).toBeGreaterThan(20)
    expect(models).toBeGreaterThan(20)
  })
})

/** A quantised matrix with parts of three numbers: head, codes, centroids, and the same for norms. */
const quantisedBytes = (rows: number, columns: number, norms: boolean): number =>
  1 + 16 + 4 + rows * Math.ceil(columns / 3) + 16 + columns * 256 * 4 + (norms ? rows + 16 + 256 * 4 : 0)
