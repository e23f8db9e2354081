import { expect, test } from 'vitest'
import { classifierReport } from '../../src/index.js'

test('by hand', () => {
  // Above 0.65: 0.9 and 0.8 are good, 0.7 is not. Pairs of a good and another in the right order: 3 + 3 + 2 of 9.
  expect(classifierReport([0.4, 0.9, 0.7, 0.8, 0.5, 0.6], [0, 1, 0, 1, 0, 1], 0.65)).toEqual({
    truePositives: 2,
    falsePositives: 1,
    trueNegatives: 2,
    falseNegatives: 1,
    accuracy: 4 / 6,
    precision: 2 / 3,
    recall: 2 / 3,
    f1: 2 / 3,
    auc: 8 / 9,
  })
})

test('precision and recall apart', () => {
  // One of two found is good, of four that are.
  const report = classifierReport([1, 1, 0, 0, 0], [true, false, true, true, true], 0.5)
  expect([report.precision, report.recall, report.f1]).toEqual([1 / 2, 1 / 4, 2 / 6])
  // Pairs with the other: one tie, three the wrong way.
  expect(report.auc).toBe(0.5 / 4)
})

test('a score at the threshold counts as good', () => {
  expect(classifierReport([3, 3 - 2 ** -51], [1, 1], 3).recall).toBe(1 / 2)
})

test('equal scores count half', () => {
  expect(classifierReport([1, 1, 1, 1], [1, 0, 0, 1], 1).auc).toBe(0.5)
  // 2 > 1, and 2 = 2, and 1 = 1, and 1 < 2: 1 + 0.5 + 0.5 + 0.
  expect(classifierReport([1, 2, 1, 2], [1, 1, 0, 0], 1).auc).toBe(0.5)
  expect(classifierReport([2, 2, 1, 2], [1, 1, 0, 0], 1).auc).toBe(0.75)
})

test('what is divided by nothing', () => {
  const none = classifierReport([0, 0], [0, 0], 1)
  expect([none.precision, none.recall, none.f1, none.auc]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
  expect(none.accuracy).toBe(1)
  expect(classifierReport([0], [1], 1).recall).toBe(0)
})

test('what cannot be compared', () => {
  expect(() => classifierReport([1], [1, 0], 0)).toThrow(
    'classifierReport: expected as many labels as scores, one at least, got 1 scores and 2 labels. Give one of each a text.',
  )
  expect(() => classifierReport([], [], 0)).toThrow('got 0 scores and 0 labels')
  expect(() => classifierReport([1, Number.NaN], [1, 0], 0)).toThrow(
    'classifierReport: expected scores to be numbers, got NaN for text 1. Leave out what has no score.',
  )
})
