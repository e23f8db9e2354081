import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import {
  classifierReport,
  FormatError,
  openQualityClassifier,
  type QualityClassifier,
  type TrainQualityClassifierOptions,
  trainQualityClassifier,
} from '../../src/index.js'
import { NO_PAGES, webPages } from '../html/web-pages.js'

interface Examples {
  readonly texts: string[]
  readonly labels: number[]
}

/** "good not bad" or "bad not good" among other words: the words are the same, only their order says which. */
function ordered(count: number, seed: number): Examples {
  const random = seededRandom(seed)
  const others = ['the', 'film', 'was', 'long', 'and', 'we', 'saw', 'it', 'at', 'home', 'with', 'friends']
  const filler = (): string[] => Array.from({ length: 3 + random.integer(6) }, () => random.pick(others))
  const labels = Array.from({ length: count }, (_, i) => i % 2)
  const texts = labels.map((label) =>
    [...filler(), ...(label ? ['good', 'not', 'bad'] : ['bad', 'not', 'good']), ...filler()].join(' '),
  )
  return { texts, labels }
}

const accuracyOf = (classifier: QualityClassifier, { texts, labels }: Examples): number =>
  classifierReport(
    texts.map((text) => classifier.score(text)),
    labels,
    0.5,
  ).accuracy

describe('labels', () => {
  const [train, held] = [ordered(600, 1), ordered(400, 2)]
  test('one step by hand', () => {
    // Before: bias 0, probability 1/2, error -1/2. AdaGrad's first step is the learning rate, for the weight and for the bias.
    const classifier = trainQualityClassifier({ texts: ['word'], labels: [true], ngrams: 1, buckets: 1, epochs: 1 })
    expect(classifier.weights[0]).toBeCloseTo(1, 6)
    expect(classifier.bias).toBeCloseTo(1, 6)
    expect(classifier.score('word')).toBeCloseTo(1 / (1 + Math.exp(-2)), 6)
    expect(classifier.score('')).toBeCloseTo(1 / (1 + Math.exp(-1)), 6)
  })
  test('what a text repeats is one step', () => {
    const of = (text: string) =>
      trainQualityClassifier({ texts: [text], labels: [1], ngrams: 1, buckets: 1, epochs: 1 }).save()
    expect(of('word word word')).toEqual(of('word'))
  })
  test('pairs of words tell what words alone do not', () => {
    const single = trainQualityClassifier({ ...train, ngrams: 1 })
    const pairs = trainQualityClassifier({ ...train, ngrams: 2 })
    // Half is what guessing has.
    expect(accuracyOf(single, held)).toBeLessThan(0.6)
    expect(accuracyOf(pairs, held)).toBeGreaterThan(0.95)
  })
  test('the same seed gives the same bits, another does not', () => {
    const of = (seed: number) => trainQualityClassifier({ ...train, buckets: 4096, seed }).save()
    expect(of(1)).toEqual(of(1))
    expect(of(1)).not.toEqual(of(2))
  })
  test('l2 makes weights smaller', () => {
    const norm = (l2: number): number =>
      trainQualityClassifier({ ...train, buckets: 4096, l2 }).weights.reduce((sum, weight) => sum + weight * weight, 0)
    expect(norm(0.1)).toBeLessThan(norm(0.001))
    expect(norm(0.001)).toBeLessThan(norm(0))
  })
  test('capitals of ASCII are no other words', () => {
    const classifier = trainQualityClassifier({ ...train })
    expect(classifier.score('GOOD Not bad')).toBe(classifier.score('good not bad'))
  })
  test('labels that are all the same are learnt', () => {
    expect(trainQualityClassifier({ texts: ['a', 'b'], labels: [1, 1] }).score('a')).toBeGreaterThan(0.5)
    expect(trainQualityClassifier({ texts: ['a', 'b'], labels: [0, 0] }).score('a')).toBeLessThan(0.5)
  })
})

describe('scores', () => {
  /** Each of five good words adds one, as in FineWeb-Edu's scale; others say nothing. */
  const graded = (count: number, seed: number) => {
    const random = seededRandom(seed)
    const scores = Array.from({ length: count }, () => random.integer(6))
    const texts = scores.map((score) =>
      Array.from({ length: 20 }, (_, i) =>
        i < score * 4 ? `good${random.integer(40)}` : `other${random.integer(40)}`,
      ).join(' '),
    )
    return { texts, scores }
  }
  const [train, held] = [graded(800, 3), graded(300, 4)]
  const errorOf = (guess: (text: string) => number): number =>
    held.texts.reduce((sum, text, i) => sum + (guess(text) - (held.scores[i] as number)) ** 2, 0) / held.texts.length
  test('are estimated far better than by their mean', () => {
    const classifier = trainQualityClassifier({ ...train, epochs: 10 })
    const mean = train.scores.reduce((sum, score) => sum + score, 0) / train.scores.length
    expect(errorOf((text) => classifier.score(text))).toBeLessThan(errorOf(() => mean) / 10)
    expect(classifier.kind).toBe('score')
  })
  test('a text without words has the bias', () => {
    const classifier = trainQualityClassifier({ texts: ['a', 'b'], scores: [1, 3], epochs: 1, buckets: 8 })
    expect(classifier.score('')).toBe(classifier.bias)
    expect(classifier.score(' \n')).toBe(classifier.bias)
  })
})

describe('real pages', () => {
  /** Pieces of 200 characters: of a page's article, and of the lines of the same page that are not in it. */
  function linesOf({ html, truth }: { readonly html: string; readonly truth: string }): Examples {
    const article = truth.replace(/\s+/g, ' ')
    const lines = html
      .replace(/<(script|style|noscript)[\s\S]*?<\/\1>|<!--[\s\S]*?-->/gi, '\n')
      .replace(/<\/?(a|b|i|em|strong|span)\b[^>]*>/gi, '')
      .replace(/<[^>]*>/g, '\n')
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' ').trim())
    const kept = [...new Set(lines)].filter((line) => line.length > 20 && !line.includes('&'))
    const pieces = [true, false].map((wanted) => {
      const joined = kept.filter((line) => article.includes(line) === wanted).join(' ')
      return joined.match(/.{200}/g) ?? []
    })
    return { texts: pieces.flat(), labels: pieces.flatMap((of, i) => of.map(() => 1 - i)) }
  }
  test('articles are told from the rest of their pages, on pages that were not learnt from', (context) => {
    const pages = webPages()
    if (!pages) return context.skip(NO_PAGES)
    const of = (parity: number): Examples => {
      const examples = pages.filter((_, i) => i % 2 === parity).map(linesOf)
      return { texts: examples.flatMap(({ texts }) => texts), labels: examples.flatMap(({ labels }) => labels) }
    }
    const [train, held] = [of(0), of(1)]
    const classifier = trainQualityClassifier(train)
    const report = classifierReport(
      held.texts.map((text) => classifier.score(text)),
      held.labels,
      0.5,
    )
    // Most pieces are of one kind: always saying so is right that often.
    const most =
      Math.max(...[0, 1].map((label) => held.labels.filter((is) => is === label).length)) / held.labels.length
    expect(report.accuracy).toBeGreaterThan(most + 0.15)
    expect(report.auc).toBeGreaterThan(0.85)
    return undefined
  })
})

describe('files', () => {
  const classifier = trainQualityClassifier({ ...ordered(50, 5), buckets: 64, ngrams: 3 })
  const bytes = classifier.save()
  test('a classifier is the same when it is opened', () => {
    const opened = openQualityClassifier(bytes, { name: 'mine' })
    expect(opened.score('good not bad')).toBe(classifier.score('good not bad'))
    expect([opened.kind, opened.ngrams, opened.bias, opened.weights.length]).toEqual([
      'probability',
      3,
      classifier.bias,
      64,
    ])
    expect(opened.name).toBe('mine')
    expect(classifier.name).toBe('quality-classifier')
    expect(opened.save()).toEqual(bytes)
    expect(bytes.length).toBe(8 + 4 * 4 + 64 * 4 + 4)
    // Bytes may begin anywhere.
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(openQualityClassifier(shifted.subarray(3)).save()).toEqual(bytes)
  })
  test('its format', () => {
    const tiny = trainQualityClassifier({ texts: ['a'], scores: [2], buckets: 1, ngrams: 1 })
    const file = tiny.save()
    const view = new DataView(file.buffer)
    expect(new TextDecoder().decode(file.subarray(0, 8))).toBe('ALMQUAL1')
    expect([8, 12, 16].map((at) => view.getInt32(at, true))).toEqual([1, 1, 1])
    expect(view.getFloat32(20, true)).toBe(2)
    expect(view.getFloat32(24, true)).toBe(tiny.weights[0])
  })
  test('a changed byte anywhere, a cut or a longer file', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ 0x11
      expect(() => openQualityClassifier(changed), `byte ${at}`).toThrow(FormatError)
      expect(() => openQualityClassifier(bytes.subarray(0, at))).toThrow(FormatError)
    }
    expect(() => openQualityClassifier(new Uint8Array([...bytes, 1]))).toThrow(FormatError)
  })
  test('errors say what is wrong', () => {
    const changed = bytes.slice()
    changed[100] = (changed[100] as number) ^ 1
    expect(() => openQualityClassifier(changed)).toThrow(
      /^openQualityClassifier: expected checksum [0-9a-f]{8} at the end, got [0-9a-f]{8}\. The file was changed or cut; save it again\.$/,
    )
    expect(() => openQualityClassifier(new Uint8Array([...bytes, 1]))).toThrow(/ and 1 bytes more\. /)
    expect(() => openQualityClassifier(new TextEncoder().encode('fastText model'))).toThrow(
      'openQualityClassifier: expected a classifier, which begins with ALMQUAL1, got "fastText". Make one with save().',
    )
    expect(() => openQualityClassifier(bytes.subarray(0, 40))).toThrow(
      'openQualityClassifier: expected 256 bytes of weights, got 16 bytes before the end. The file may have been cut; load it again.',
    )
  })
})

describe('options', () => {
  const WHERE = 'trainQualityClassifier: expected'
  const attempt = (options: Partial<TrainQualityClassifierOptions>) => () =>
    trainQualityClassifier({ texts: ['a', 'b'], labels: [0, 1], ...options })
  test.each(['buckets', 'ngrams', 'epochs'])('%s', (name) => {
    for (const value of [0, 1.5, Number.NaN, 2 ** 29]) {
      expect(attempt({ [name]: value })).toThrow(
        `${WHERE} ${name} to be a whole number from 1 on, got ${value}. See its default.`,
      )
    }
  })
  test.each(['learningRate', 'l2'])('%s', (name) => {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(attempt({ [name]: value })).toThrow(
        `${WHERE} ${name} to be a number from 0 on, got ${value}. See its default.`,
      )
    }
  })
  test('what there is to learn', () => {
    const BOTH = 'texts, and as many labels or scores, got'
    expect(() => trainQualityClassifier({ texts: ['a'] })).toThrow(
      `${WHERE} ${BOTH} 1 texts, no labels, no scores. Give one of the two.`,
    )
    expect(attempt({ scores: [1, 2] })).toThrow(`${WHERE} ${BOTH} 2 texts, 2 labels, 2 scores. Give one of the two.`)
    expect(attempt({ labels: [1] })).toThrow(`${WHERE} ${BOTH} 2 texts, 1 labels, no scores.`)
    expect(() => trainQualityClassifier({ texts: [], labels: [] })).toThrow(
      `${WHERE} ${BOTH} 0 texts, 0 labels, no scores.`,
    )
    expect(attempt({ labels: [1, 3] })).toThrow(
      `${WHERE} labels of 0 or 1, got 3 for text 1. Other numbers are scores.`,
    )
    expect(() => trainQualityClassifier({ texts: ['a'], scores: [Number.NaN] })).toThrow(
      `${WHERE} scores to be numbers, got NaN for text 0.`,
    )
  })
})

test.each([
  ['empty', ''],
  ['null bytes', '\0'.repeat(1000)],
  ['lone surrogates', '\ud800 \udc00\ud800'],
  ['one word of 5 MB', 'x'.repeat(5_000_000)],
  ['5 MB on one line', 'word '.repeat(1_000_000)],
])('hostile texts are learnt from and get a score: %s', (_name, text) => {
  const classifier = trainQualityClassifier({ texts: [text, 'good'], labels: [0, 1], buckets: 1024, epochs: 1 })
  expect(classifier.score(text)).toBeGreaterThan(0)
  expect(classifier.score(text)).toBeLessThan(1)
})
