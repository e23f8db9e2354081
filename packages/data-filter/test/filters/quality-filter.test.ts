import { describe, expect, test } from 'vitest'
import {
  applyFilters,
  type Document,
  type DocumentScorer,
  linearHead,
  type QualityFilterOptions,
  qualityFilter,
  replayFilters,
  scoreDocuments,
  trainQualityClassifier,
} from '../../src/index.js'

/** Its text is its score. */
const scorer = { name: 'number', score: (text: string) => Number(text) }
const verdictOf = (text: string, options: Partial<QualityFilterOptions> = {}, metadata: Document['metadata'] = {}) =>
  applyFilters([qualityFilter({ score: scorer, ...options })], { all: true })({ id: '1', text, metadata })
const reasonsOf = (...of: Parameters<typeof verdictOf>): string[] =>
  verdictOf(...of).reasons.map((reason) => reason.replace('quality/', ''))

const [BELOW, ABOVE] = [3 - 2 ** -51, 3 + 2 ** -51]

test('a score at 3, just below and just above', () => {
  expect(reasonsOf(String(BELOW))).toEqual(['score'])
  expect(reasonsOf('3')).toEqual([])
  expect(reasonsOf(String(ABOVE))).toEqual([])
  expect(reasonsOf('3', { orEqual: true })).toEqual(['score'])
  expect(reasonsOf(String(ABOVE), { orEqual: true })).toEqual([])
  expect(reasonsOf('0.4', { than: 0.5 })).toEqual(['score'])
  expect(reasonsOf('0.5', { than: 0.5 })).toEqual([])
})

test.each([
  ['2.4999', 2, ['score']],
  ['2.5', 2, ['score']],
  ['2.5001', 3, []],
  ['3.5', 4, []],
  ['4.5', 4, []],
  ['1.5', 2, ['score']],
  ['0.5', 0, ['score']],
  ['-7', 0, ['score']],
  ['99', 5, []],
  ['3', 3, []],
])('%s is rounded to %i, as in FineWeb-Edu', (text, whole, reasons) => {
  const verdict = verdictOf(text, { rounded: true })
  expect(verdict.statistics['quality']).toEqual({ has_score: 1, score: Number(text), int_score: whole })
  expect(verdict.document.metadata).toEqual({ score: Number(text), int_score: whole })
  expect(reasonsOf(text, { rounded: true })).toEqual(reasons)
})

test('the score joins the metadata', () => {
  expect(verdictOf('2', {}, { url: 'u' }).document.metadata).toEqual({ url: 'u', score: 2 })
})

test('a score may be there already', () => {
  expect(reasonsOf('', { score: 'edu' }, { edu: 2 })).toEqual(['score'])
  expect(reasonsOf('', { score: 'edu' }, { edu: 3 })).toEqual([])
})

test.each([[{}], [{ edu: null }], [{ edu: '5' }]])(
  'without a score a document is kept, unless dropMissing: %j',
  (metadata) => {
    expect(verdictOf('', { score: 'edu' }, metadata).statistics['quality']).toEqual({ has_score: 0 })
    expect(reasonsOf('', { score: 'edu' }, metadata)).toEqual([])
    expect(reasonsOf('', { score: 'edu', dropMissing: true }, metadata)).toEqual(['no_score'])
  },
)

test('what is no finite number is no score', () => {
  expect(verdictOf('no number').statistics['quality']).toEqual({ has_score: 0 })
  expect(reasonsOf('Infinity', { dropMissing: true })).toEqual(['no_score'])
})

test('decisions follow from statistics alone, with another threshold too', () => {
  const { statistics } = verdictOf('2.2')
  expect(replayFilters([qualityFilter({ score: scorer })], statistics)).toEqual({ filter: 'quality', reason: 'score' })
  expect(replayFilters([qualityFilter({ score: scorer, than: 2 })], statistics)).toBeNull()
})

test('a classifier is a scorer, and uses the words that others found', () => {
  const score = trainQualityClassifier({ texts: ['a good text', 'a bad text'], labels: [1, 0], epochs: 20 })
  expect(reasonsOf('a good text', { score, than: 0.5 })).toEqual([])
  expect(reasonsOf('a bad text', { score, than: 0.5 })).toEqual(['score'])
  expect(verdictOf('a good text', { score }).statistics['quality']?.['score']).toBe(score.score('a good text'))
})

test('a threshold that is no number', () => {
  expect(() => qualityFilter({ score: scorer, than: Number.NaN })).toThrow(
    'qualityFilter: expected than to be a number, got NaN. FineWeb-Edu has 3.',
  )
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('scores by way of something slow', () => {
  const documents = Array.from({ length: 7 }, (_, i) => ({
    id: String(i),
    text: String(i),
    metadata: { url: `u${i}` },
  }))
  const sizes: number[] = []
  const slow: DocumentScorer = {
    name: 'slow',
    async scoreAll(texts) {
      sizes.push(texts.length)
      return Float32Array.from(texts, (text) => (text === '5' ? Number.NaN : Number(text) / 2))
    },
  }
  test('come in batches, in the order of documents', async () => {
    sizes.length = 0
    const scored = await collect(scoreDocuments(documents, slow, { batch: 3 }))
    expect(sizes).toEqual([3, 3, 1])
    expect(scored.map(({ metadata }) => metadata)).toEqual(
      documents.map(({ metadata }, i) => ({ ...metadata, score: i === 5 ? null : i / 2 })),
    )
    const apply = applyFilters([qualityFilter({ score: 'score', than: 2 })])
    expect(scored.filter((document) => !apply(document).dropped).map(({ id }) => id)).toEqual(['4', '5', '6'])
  })
  test('nothing is asked for where there are no documents', async () => {
    sizes.length = 0
    expect(await collect(scoreDocuments([], slow, { as: 'edu' }))).toEqual([])
    expect(sizes).toEqual([])
  })
  test('one score a text', async () => {
    const few: DocumentScorer = { name: 'few', scoreAll: async () => new Float32Array(2) }
    await expect(collect(scoreDocuments(documents, few))).rejects.toThrow(
      'scoreDocuments: few: expected 7 scores, got 2. A scorer gives one score a text.',
    )
    await expect(collect(scoreDocuments(documents, slow, { batch: 0 }))).rejects.toThrow(
      'scoreDocuments: expected batch to be a whole number from 1 on, got 0. The default is 64.',
    )
  })
  test('a linear head on embeddings', async () => {
    const embed = async (texts: readonly string[]) => Float32Array.from(texts.flatMap((text) => [Number(text), 1]))
    const head = linearHead(Float32Array.of(2, 0.25), -1, embed)
    expect(head.name).toBe('linear-head')
    expect(await head.scoreAll(['1', '3'])).toEqual(Float32Array.of(1.25, 5.25))
    expect(await head.scoreAll([])).toEqual(new Float32Array(0))
    const wrong = linearHead(new Float32Array(3), 0, embed)
    await expect(wrong.scoreAll(['1'])).rejects.toThrow(
      'linearHead: expected 1 embeddings of 3 numbers, got 2 numbers. Weights and embeddings must come from the same model.',
    )
  })
})
