import { expect, test } from 'vitest'
import { byteLength } from '../src/byte-length.js'
import { cutDocuments } from '../src/cut-documents.js'
import { dirtyCorpus, SHARES } from '../src/dirty-corpus.js'
import { JUNK_KINDS } from '../src/junk-page.js'
import { splitTexts } from '../src/source-text.js'
import { shareSeen, withoutLeaks } from '../src/without-leaks.js'
import { inventedSpeeches } from './invented-speeches.js'

const { train, heldOut } = splitTexts(inventedSpeeches(16, 300))
const clean = train.flatMap(cutDocuments)
const raw = dirtyCorpus(clean, 400_000, 1)
const kindOf = (document: (typeof raw)[number]) => document.metadata['kind'] as string
const isClean = (kind: string) => kind.startsWith('clean')

test('a seed gives the same corpus at every call, another seed another', () => {
  expect(dirtyCorpus(clean, 400_000, 1)).toEqual(raw)
  expect(dirtyCorpus(clean, 400_000, 2)).not.toEqual(raw)
})

test('the bytes are shared out as written down, every kind of junk among them', () => {
  const all = raw.reduce((total, { text }) => total + byteLength(text), 0)
  const share = (of: (kind: string) => boolean) =>
    raw.filter((document) => of(kindOf(document))).reduce((total, { text }) => total + byteLength(text), 0) / all
  expect(share(isClean)).toBeCloseTo(SHARES.clean, 1)
  expect(share((kind) => kind === 'near-duplicate')).toBeCloseTo(SHARES.nearDuplicate, 1)
  expect(share((kind) => (JUNK_KINDS as string[]).includes(kind))).toBeCloseTo(SHARES.junk, 1)
  for (const kind of JUNK_KINDS) expect(raw.some((document) => kindOf(document) === kind)).toBe(true)
  expect(new Set(raw.map(({ id }) => id)).size).toBe(raw.length)
})

test('without enough clean text the corpus is smaller, not dirtier', () => {
  const small = dirtyCorpus(clean.slice(0, 20), 10_000_000, 1)
  expect(small.filter((document) => isClean(kindOf(document)))).toHaveLength(20)
  expect(small.filter((document) => !isClean(kindOf(document))).length).toBeLessThan(60)
})

test('nothing of the held-out texts is in the corpus, near-duplicates neither', () => {
  const out = new Set(heldOut.map(({ name }) => name))
  const sources = raw.map(({ metadata }) => metadata['source']).filter((source) => source !== undefined)
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.filter((source) => out.has(source as string))).toEqual([])
  const documents = heldOut.flatMap(cutDocuments)
  expect(withoutLeaks(documents, raw)).toEqual(documents)
  expect(Math.max(...shareSeen(documents, raw))).toBe(0)
})

test('a held-out document that the corpus has, or most of it, is found', () => {
  const [first, second] = heldOut.flatMap(cutDocuments) as [(typeof raw)[number], (typeof raw)[number]]
  const copied = { ...first, id: 'copied', text: `Menu\n${first.text.replace('the', 'another')}` }
  expect(shareSeen([first, second], [...raw, copied])[0]).toBeGreaterThan(0.9)
  expect(withoutLeaks([first, second], [...raw, copied])).toEqual([second])
})
