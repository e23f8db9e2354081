import { expect, test } from 'vitest'
import { applyFilters, c4Quality, type Document, fineWebQuality, PROFILES } from '../../src/index.js'
import { differentWords } from './reasons-of.js'

const document = (text: string): Document => ({ id: '1', text, metadata: { url: 'http://a.org' } })
const prose = Array.from({ length: 12 }, (_, i) => {
  const words = differentWords(9, 4, 9 * i)
  return `The ${words.join(' ')} and that of ${words[0]}${i}.`
}).join('\n')

test.each(Object.keys(PROFILES) as (keyof typeof PROFILES)[])('%s keeps prose as it is', (name) => {
  const { document: out, dropped, statistics } = applyFilters(PROFILES[name].filters())(document(prose))
  expect(dropped).toBeNull()
  expect(out).toEqual(document(prose))
  expect(Object.keys(statistics).sort()).toEqual([
    'c4-quality',
    'fineweb-quality',
    'gopher-quality',
    'gopher-repetition',
  ])
})

test('a document that is dropped goes no further, unless all is asked for', () => {
  const bad = document('short {text}')
  const first = applyFilters(PROFILES['datatrove-0.10'].filters())(bad)
  expect(first.dropped).toEqual({ filter: 'gopher-repetition', reason: 'top_2_gram' })
  expect(Object.keys(first.statistics)).toEqual(['gopher-repetition'])
  const all = applyFilters(PROFILES['datatrove-0.10'].filters(), { all: true })(bad)
  expect(all.dropped).toEqual(first.dropped)
  expect(Object.keys(all.statistics)).toHaveLength(4)
  expect(all.reasons).toContain('gopher-quality/gopher_short_doc')
  expect(all.reasons).toContain('c4-quality/too_few_sentences')
  expect(all.reasons).toContain('fineweb-quality/empty')
})

test('the order of the paper decides on the reason', () => {
  expect(applyFilters(PROFILES.paper.filters())(document('short {text}')).dropped).toEqual({
    filter: 'gopher-quality',
    reason: 'gopher_short_doc',
  })
})

test('a filter sees the text that the one before it left', () => {
  const kept = ['It is so here.', 'It is so there.', 'It is all one.', 'It has an end.', 'It is the last.']
  const text = [...kept, ...Array.from({ length: 20 }, (_, i) => `menu ${i}`)].join('\n')
  const run = applyFilters([
    c4Quality(),
    fineWebQuality({ shortLines: { drops: '>', than: 1 }, newlinesPerWord: null }),
  ])
  const { document: out, dropped, statistics } = run(document(text))
  expect(dropped).toBeNull()
  expect(out).toEqual({ ...document(text), text: kept.join('\n') })
  expect(statistics['fineweb-quality']?.['punctuated_lines']).toBe(1)
})

test('what a filter adds to the metadata, the next one sees and the document keeps', () => {
  const seen: unknown[] = []
  const run = applyFilters([
    { name: 'tag', rules: [], measure: () => ({ statistics: {}, metadata: { language: 'en' } }) },
    {
      name: 'look',
      rules: [],
      measure: (text, _words, { metadata }) => {
        seen.push(metadata)
        return { statistics: {}, text: `${text}!` }
      },
    },
  ])
  const { document: out } = run(document('a'))
  expect(seen).toEqual([{ url: 'http://a.org', language: 'en' }])
  expect(out).toEqual({ id: '1', text: 'a!', metadata: { url: 'http://a.org', language: 'en' } })
})
