import { parseHTML } from 'linkedom'
import { expect, test } from 'vitest'
import { type Filter, memoryStorage } from '../../src/index.js'
import { NO_COUNTS, type RunSummary, runPipeline, summariseRun } from '../../src/pipeline/index.js'
import { filterReport } from '../../src/report/index.js'
import { sentences, smallPipeline, writeSmallCorpus } from '../pipeline/small-corpus.js'

const inputs = memoryStorage()
await writeSmallCorpus(inputs)
/** Behind `sentences`, so that it is the first to drop only a part of what it drops. */
const length: Filter = {
  name: 'length',
  rules: [
    { statistic: 'characters', drops: '<', than: 200, reason: 'short' },
    { statistic: 'characters', drops: '>', than: 680, reason: 'long' },
    { statistic: 'characters', drops: '>', than: 1_000_000, reason: 'never' },
  ],
  measure: (text) => ({ statistics: { characters: text.length } }),
}
const lastFilters: readonly Filter[] = [
  { name: 'shout', rules: [], measure: (text) => ({ statistics: { length: text.length }, text: `${text}!` }) },
]
const filters = [sentences(5), length]
const pipeline = await smallPipeline(inputs, { filters, lastFilters })
const storage = memoryStorage()
await runPipeline({ pipeline, storage })
const summary = await summariseRun(storage, pipeline)

const documentOf = (html: string) => parseHTML(html).document
const rowsOf = (html: string, table: string): string[][] =>
  [...documentOf(html).querySelectorAll(`${table} tr`)].map((row) =>
    [...row.querySelectorAll('th, td')].map((cell) => (cell.textContent as string).trim()),
  )
const numberOf = (text: string | undefined): number => Number((text as string).split('%')[0]?.replaceAll(',', ''))

test('the steps are those of the summary', () => {
  const rows = rowsOf(filterReport({ title: 'Run', summary, filters, lastFilters }), '.funnel').slice(1)
  const { filter, finish } = summary
  const duplicates = finish.dropped['duplicates/near_duplicate']
  expect(duplicates?.documents).toBeGreaterThan(0)
  const amounts = rows.map(([name, documents, characters]) => [
    name,
    (documents as string).split(' ')[0],
    (characters as string).split(' ')[0],
  ])
  const count = (value: number) => value.toLocaleString('en')
  expect(amounts).toEqual([
    ['Recordswhat the readers gave', count(filter.records), '–'],
    ['Documentsrecords that are documents', count(filter.input.documents), '–'],
    ['Textsdocuments with a text', count(filter.input.documents), count(filter.input.characters)],
    ['Kept by the rulesno rule drops them', count(filter.kept.documents), count(filter.kept.characters)],
    [
      'After duplicatesone of each that are alike',
      count(finish.input.documents - (duplicates?.documents as number)),
      count(finish.input.characters - (duplicates?.characters as number)),
    ],
    ['Finalkept by the last filters', count(finish.kept.documents), count(finish.kept.characters)],
  ])
})

test('each rule has what it dropped first, and what it drops in all', () => {
  const rows = rowsOf(filterReport({ title: 'Run', summary, filters, lastFilters }), '.rules')
  const row = (name: string) => rows.find(([first]) => first === name) as string[]
  const { filter, finish } = summary
  for (const [key, condition] of [
    ['sentences/few_sentences', 'sentences < 5'],
    ['length/short', 'characters < 200'],
    ['length/long', 'characters > 680'],
    ['length/never', 'characters > 1,000,000'],
  ] as const) {
    const [, , documents, share, characters, , inAll] = row(`${key.split('/')[1]}${condition}`)
    const expected = filter.dropped[key] ?? { documents: 0, characters: 0 }
    expect(numberOf(documents)).toBe(expected.documents)
    expect(numberOf(characters)).toBe(expected.characters)
    expect(numberOf(share)).toBeCloseTo((100 * expected.documents) / filter.input.documents, 1)
    expect(numberOf(inAll)).toBe(filter.broken[key] ?? 0)
  }
  // The rules of `length` come second: the report shows that others were first.
  expect(filter.broken['length/short']).toBeGreaterThan(filter.dropped['length/short']?.documents ?? 0)
  expect(numberOf(row('bad-line')[2])).toBe(filter.skipped['bad-line'])
  expect(numberOf(row('near_duplicate')[2])).toBe(finish.dropped['duplicates/near_duplicate']?.documents)
  // "shout" adds a character to each text.
  expect(numberOf(row('added to texts that stay')[4])).toBe(finish.kept.documents)
})

test('all that went in is somewhere', () => {
  const rows = rowsOf(filterReport({ title: 'Run', summary, filters, lastFilters }), '.rules')
  const groups = [
    ...documentOf(filterReport({ title: 'Run', summary, filters, lastFilters })).querySelectorAll('.group'),
  ]
  const gone = groups.map((group) => numberOf(group.querySelectorAll('td')[1]?.textContent || '0'))
  expect(rows.length).toBeGreaterThan(groups.length)
  expect(gone.reduce((a, b) => a + b, 0) + summary.finish.kept.documents).toBe(summary.filter.records)
})

test('rules that dropped nothing are muted', () => {
  const document = documentOf(filterReport({ title: 'Run', summary, filters, lastFilters }))
  const muted = [...document.querySelectorAll('.rules .muted')].map((row) => row.querySelector('th span')?.textContent)
  expect(muted).toEqual(['short', 'never'])
})

test('there is a histogram of each statistic, and examples of each reason', () => {
  const document = documentOf(filterReport({ title: 'Run', summary, filters, lastFilters }))
  const figures = [...document.querySelectorAll('figure')]
  expect(figures.map((figure) => figure.querySelector('code')?.textContent)).toEqual([
    'sentences',
    'characters',
    'length',
  ])
  for (const figure of figures) {
    expect(figure.querySelector('svg title')?.textContent).toMatch(/^Histogram of /)
    expect(figure.querySelector('svg desc')?.textContent).toMatch(/Quartiles/)
  }
  expect(figures[1]?.querySelectorAll('.threshold').length).toBe(3)
  const reasons = [...document.querySelectorAll('details')].map((one) => one.querySelector('summary')?.textContent)
  const of = (key: string) => (summary.filter.dropped[key] ?? summary.finish.dropped[key])?.documents
  expect(reasons).toEqual([
    `Kept 3 of ${summary.finish.kept.documents}`,
    `sentences/few_sentences 3 of ${of('sentences/few_sentences')}`,
    ...(of('length/short') ? [`length/short 3 of ${of('length/short')}`] : []),
    ...(of('length/long') ? [`length/long 3 of ${of('length/long')}`] : []),
    `duplicates/near_duplicate 3 of ${of('duplicates/near_duplicate')}`,
  ])
  expect(document.querySelectorAll('details[open]').length).toBe(0)
})

test('filters of another run take nothing out of the report', () => {
  const html = filterReport({ title: 'Run', summary, filters: [], lastFilters: [] })
  const rows = rowsOf(html, '.rules')
  const row = rows.find(([name]) => name === 'few_sentences') as string[]
  expect(numberOf(row[2])).toBe(summary.filter.dropped['sentences/few_sentences']?.documents)
  const names = [...documentOf(html).querySelectorAll('figure code')].map((code) => code.textContent)
  expect(names).toEqual(['length/characters', 'sentences/sentences', 'shout/length'])
})

test('a run without attributes says what it knows', async () => {
  const without = await smallPipeline(inputs, { filters, lastFilters, attributes: false })
  const other = memoryStorage()
  await runPipeline({ pipeline: without, storage: other })
  const html = filterReport({ title: 'Run', summary: await summariseRun(other, without), filters, lastFilters })
  expect(rowsOf(html, '.rules')[0]).not.toContain('In all')
  expect(html).toContain('drops about ')
})

test('an empty run has a report', () => {
  const empty: RunSummary = { filter: NO_COUNTS, finish: NO_COUNTS }
  const html = filterReport({ title: 'Nothing', summary: empty, filters, lastFilters })
  expect(html).not.toMatch(/NaN|Infinity|undefined|null/)
  expect(rowsOf(html, '.funnel').length).toBe(7)
  expect(documentOf(html).querySelectorAll('figure.muted').length).toBe(2)
  const bare = filterReport({ title: 'Nothing', summary: empty, filters: [], lastFilters: [] })
  expect(bare).toContain('No rules, and nothing was taken out.')
  expect(bare).not.toContain('id="examples"')
})

test('a run whose last stage is not there ends before it', () => {
  const html = filterReport({ title: 'Run', summary: { ...summary, finish: NO_COUNTS }, filters, lastFilters })
  expect(rowsOf(html, '.funnel').map(([name]) => name)).not.toContain('Finalkept by the last filters')
  expect(documentOf(html).querySelector('details summary')?.textContent).toBe(
    `Kept 3 of ${summary.filter.kept.documents}`,
  )
})
