import { expect, test } from 'vitest'
import type { Document } from '../../src/index.js'
import { EXAMPLES_EACH, type Example, withExample } from '../../src/pipeline/examples.js'
import { addCounts, counter, NO_COUNTS } from '../../src/pipeline/stage-counts.js'

const document = (id: number): Document => ({ id: `d${id}`, text: `text ${id}`, metadata: { url: `http://a/${id}` } })

/** Counts of documents, every third of which a rule drops. */
function countsOf(ids: readonly number[]) {
  const counted = counter(true)
  for (const id of ids) {
    if (id % 7 === 0) counted.skip('bad')
    const dropped = id % 3 === 0 ? { filter: 'f', reason: `r${id % 2}` } : null
    counted.decide(document(id), {
      document: document(id),
      dropped,
      statistics: { f: { s: id / 100 } },
      reasons: dropped ? [`f/r${id % 2}`] : [],
    })
  }
  return counted.counts()
}
const ids = Array.from({ length: 100 }, (_, i) => i)

test('counts of parts add up to the counts of the whole, in any order', () => {
  const whole = JSON.stringify(countsOf(ids))
  const parts = [ids.slice(0, 10), ids.slice(10, 55), ids.slice(55)].map(countsOf)
  expect(JSON.stringify(parts.reduce(addCounts, NO_COUNTS))).toBe(whole)
  expect(JSON.stringify([...parts].reverse().reduce(addCounts, NO_COUNTS))).toBe(whole)
})

test('what is counted', () => {
  const counts = countsOf([1, 2, 3, 7])
  expect(counts).toMatchObject({
    records: 5,
    input: { documents: 4, characters: 24 },
    kept: { documents: 3, characters: 18 },
    skipped: { bad: 1 },
    dropped: { 'f/r1': { documents: 1, characters: 6 } },
    broken: { 'f/r1': 1 },
    statistics: { 'f/s': { 1: 1, 2: 1, 3: 1, 7: 1 } },
  })
})

test('the examples are the same whatever order the documents came in', () => {
  const of = (order: readonly number[]) =>
    order.reduce<readonly Example[]>((some, id) => withExample(some, document(id)), [])
  const chosen = of(ids)
  expect(chosen).toHaveLength(EXAMPLES_EACH)
  expect(of([...ids].reverse())).toEqual(chosen)
})
