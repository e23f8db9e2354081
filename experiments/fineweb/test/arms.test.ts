import { PROFILES } from '@almanac/data-filter'
import { expect, test } from 'vitest'
import { ARM_NAMES, clean, makeArms } from '../src/arms.js'
import { byteLength } from '../src/byte-length.js'
import { cutDocuments } from '../src/cut-documents.js'
import { dirtyCorpus } from '../src/dirty-corpus.js'
import { inventedSpeeches } from './invented-speeches.js'

const raw = dirtyCorpus(inventedSpeeches(12, 300).flatMap(cutDocuments), 400_000, 1)
const bytesOf = (documents: readonly { readonly text: string }[]) =>
  documents.reduce((total, { text }) => total + byteLength(text), 0)
const { documents, removals, kinds } = await makeArms(raw, ARM_NAMES, 5)
const arm = (name: (typeof ARM_NAMES)[number]) => documents.get(name) ?? []

test('every arm has documents of the raw corpus, in its order', () => {
  const place = new Map(raw.map(({ id }, i) => [id, i]))
  expect(arm('raw')).toEqual(raw)
  for (const name of ARM_NAMES) {
    const places = arm(name).map(({ id }) => place.get(id) ?? Number.NaN)
    expect(places.length).toBeGreaterThan(50)
    expect(places).toEqual([...places].sort((a, b) => a - b))
  }
})

test('the control has as many documents as the filtered arm, drawn from all kinds', () => {
  expect(arm('thinned')).toHaveLength(arm('filtered').length)
  expect(arm('filtered').length).toBeLessThan(0.8 * raw.length)
  expect(new Set(arm('thinned').map(({ metadata }) => metadata['kind'])).size).toBe(kinds.length)
})

test('what the rules took and what is left is what there was', async () => {
  expect(removals.reduce((total, { bytes }) => total + bytes, 0)).toBe(bytesOf(raw) - bytesOf(arm('filtered')))
  expect(kinds.reduce((total, kind) => total + kind.bytes, 0)).toBe(bytesOf(raw))
  expect(kinds.reduce((total, kind) => total + kind.keptBytes, 0)).toBe(bytesOf(arm('filtered')))
  const whole = removals.filter(({ rule }) => !rule.includes('lines within'))
  expect(whole.reduce((total, removal) => total + removal.documents, 0)).toBe(raw.length - arm('filtered').length)
  expect(await clean(raw, PROFILES['fineweb-2024-05'].filters(), true)).toEqual({ kept: arm('filtered'), removals })
})

test('menus go, near-duplicates go, and what reads like text to the rules stays', () => {
  const kind = (name: string) => kinds.find((one) => one.kind === name)
  expect(kind('menu')?.keptDocuments).toBe(0)
  expect(kind('code')?.keptDocuments).toBe(0)
  expect(kind('salad')?.keptDocuments).toBe(kind('salad')?.documents)
  // A near-duplicate may stay instead of the document that it is of.
  const copies = kind('near-duplicate')?.documents ?? 0
  const deduplicated = removals.find(({ rule }) => rule.startsWith('MinHash'))?.documents ?? 0
  expect(deduplicated).toBeGreaterThan(0.7 * copies)
  expect(arm('dedup').length).toBeLessThan(raw.length)
})

test('C4 takes menus and notices from around a text', () => {
  const framed = arm('filtered').filter(({ metadata }) => metadata['kind'] === 'clean, in a frame')
  expect(framed.length).toBeGreaterThan(5)
  for (const { text } of framed) expect(text).not.toMatch(/^(Home|Login|Cart)$|cookie|JavaScript/m)
})
