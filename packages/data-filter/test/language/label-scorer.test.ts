import { expect, test } from 'vitest'
import { applyFilters, qualityFilter } from '../../src/index.js'
import { labelScorer, openFastTextModel } from '../../src/language/index.js'
import { lid176 } from './original-fasttext.js'

const model = openFastTextModel(lid176(), { name: 'lid.176' })

test('a label is a score that texts are dropped by', () => {
  const scorer = labelScorer(model, 'en')
  expect(scorer.name).toBe('lid.176/en')
  const text = 'This is a sentence of the English language, like others.'
  expect(scorer.score(text)).toBe(model.identify(text).score)
  const apply = applyFilters([qualityFilter({ score: scorer, than: 0.5 })])
  const droppedBy = (of: string) => apply({ id: '1', text: of, metadata: {} }).dropped?.reason ?? null
  expect(droppedBy(text)).toBeNull()
  expect(droppedBy('Dies ist ein Satz der deutschen Sprache, wie andere auch.')).toBe('score')
})

test('a label that the model does not have', () => {
  const some = model.labels.slice(0, 10).join(', ')
  expect(() => labelScorer(model, 'good')).toThrow(
    `labelScorer: expected a label of lid.176, got good. It has ${some} and more.`,
  )
})
