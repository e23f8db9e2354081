import { expect, test } from 'vitest'
import { memoryStorage, PROFILES } from '../../src/index.js'
import { NO_COUNTS, runPipeline, type StageCounts, summariseRun } from '../../src/pipeline/index.js'
import { filterTable } from '../../src/report/index.js'
import { sentences, smallPipeline, writeSmallCorpus } from '../pipeline/small-corpus.js'

test('has the numbers of the summary', async () => {
  const inputs = memoryStorage()
  await writeSmallCorpus(inputs)
  const [pipeline, storage] = [await smallPipeline(inputs), memoryStorage()]
  await runPipeline({ pipeline, storage })
  const summary = await summariseRun(storage, pipeline)
  const { filters, lastFilters = [] } = pipeline.options
  const lines = filterTable(summary, filters, lastFilters).split('\n')
  const cellsOf = (start: string) =>
    (lines.find((line) => line.trim().startsWith(start)) as string).trim().split(/ {2,}/)
  const count = (value: number | undefined) => (value as number).toLocaleString('en')
  const { filter, finish } = summary
  expect(cellsOf('Records')).toEqual(['Records', count(filter.records), '100%'])
  expect(cellsOf('Kept')[1]).toBe(count(filter.kept.documents))
  expect(cellsOf('Final')).toEqual([
    'Final',
    count(finish.kept.documents),
    `${((100 * finish.kept.documents) / filter.records).toFixed(1)}%`,
    count(finish.kept.characters),
  ])
  expect(cellsOf('bad-line')[1]).toBe(count(filter.skipped['bad-line']))
  const few = filter.dropped['sentences/few_sentences']
  const share = `${((100 * (few?.documents as number)) / filter.input.documents).toFixed(1)}%`
  expect(cellsOf('few_sentences')).toEqual([
    ...['few_sentences', 'sentences < 5', count(few?.documents), share],
    ...[count(few?.characters), count(filter.broken['sentences/few_sentences'])],
  ])
})

test('columns are aligned and a line has at most 100 characters, however large the numbers', () => {
  const filters = PROFILES['fineweb-2024-05'].filters()
  const keys = filters.flatMap(({ name, rules }) => rules.map(({ reason }) => `${name}/${reason}`))
  const amount = { documents: 9_876_543_210, characters: 98_765_432_109_876 }
  const counts: StageCounts = {
    ...NO_COUNTS,
    records: 9_999_999_999,
    input: { documents: 9_999_999_999, characters: 99_999_999_999_999 },
    kept: { documents: 9_999_999_999, characters: 99_999_999_999_999 },
    skipped: { ['a-very-long-reason-'.repeat(9)]: 9_876_543_210 },
    dropped: Object.fromEntries(keys.map((key) => [key, amount])),
    broken: Object.fromEntries(keys.map((key) => [key, 9_876_543_210])),
  }
  const lines = filterTable({ filter: counts, finish: NO_COUNTS }, filters, [sentences(5)]).split('\n')
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
  const rules = lines.filter((line) => / {2}9,876,543,210 +98\.8% +98,765,432,109,876 {2}9,876,543,210$/.test(line))
  expect(rules).toHaveLength(keys.length)
  for (const rule of rules) expect(rule).toHaveLength(100)
})

test('an empty run has a table', () => {
  const table = filterTable({ filter: NO_COUNTS, finish: NO_COUNTS }, [], [])
  expect(table).toMatch(/Records +0 +–/)
  expect(table).not.toMatch(/NaN|undefined/)
})

test('rules that took nothing are counted, not listed', () => {
  const filters = PROFILES.paper.filters()
  const dropped = { 'gopher-quality/gopher_short_doc': { documents: 2, characters: 10 } }
  const counts = { ...NO_COUNTS, records: 4, input: { documents: 4, characters: 90 }, dropped }
  const table = filterTable({ filter: counts, finish: NO_COUNTS }, filters, [])
  expect(table).toMatch(/gopher_short_doc {2}words < 50 +2 {2}50.0%/)
  expect(table).toContain('  9 rules took nothing')
  expect(table).not.toContain('gopher_long_doc')
})
