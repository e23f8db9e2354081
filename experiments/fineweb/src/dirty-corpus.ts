import type { Document } from '@almanac/data-filter'
import { byteLength } from './byte-length.js'
import { JUNK_KINDS, JUNK_PAGES, menuLines } from './junk-page.js'
import { NOTICES } from './junk-words.js'
import { nearDuplicate } from './near-duplicate.js'
import { type RandomSource, randomSource } from './random-source.js'

/**
 * Shares of the dirty corpus' bytes. Written down before the first run and not changed since. `clean` includes documents within a
 * page's menu and notices, three in ten.
 */
export const SHARES = { clean: 0.5, nearDuplicate: 0.15, junk: 0.35 } as const
const FRAMED = 0.3

/** A document as its site shows it: a menu above, a menu and a notice below. */
function framed(document: Document, random: RandomSource, vocabulary: readonly string[]): Document {
  const source = { random, vocabulary }
  const below = `${random.pick(NOTICES)}\n${menuLines(source, random.between(2, 5))}`
  const text = `${menuLines(source, random.between(3, 7))}\n${document.text}\n${below}`
  return { ...document, text, metadata: { ...document.metadata, kind: 'clean, in a frame' } }
}

/** Documents, from the first on, until they have so many bytes. */
function upTo<T extends Document>(documents: Iterable<T>, bytes: number): T[] {
  const taken: T[] = []
  let total = 0
  for (const document of documents) {
    if (total >= bytes) break
    taken.push(document)
    total += byteLength(document.text)
  }
  return taken
}

/**
 * Clean documents among near-duplicates of them and generated junk, in random order, all drawn from the seed: about `bytes` in all,
 * or as many as the clean documents suffice for. Each document's metadata name its `kind` and, where it has one, its `source`.
 */
export function dirtyCorpus(clean: readonly Document[], bytes: number, seed: number): Document[] {
  const random = randomSource(seed)
  const all = clean.reduce((total, { text }) => total + byteLength(text), 0)
  const size = Math.min(bytes, all / SHARES.clean)
  const chosen = upTo(random.shuffled(clean), size * SHARES.clean)
  const vocabulary = chosen.flatMap(({ text }) => text.match(/[A-Za-z]+/g) ?? [])
  const pages = chosen.map((document) => (random.next() < FRAMED ? framed(document, random, vocabulary) : document))
  function* copies(): Generator<Document> {
    for (let i = 0; ; i++) yield nearDuplicate(random.pick(pages), `copy/${i}`, vocabulary, random)
  }
  function* junk(): Generator<Document> {
    for (let i = 0; ; i++) {
      const kind = JUNK_KINDS[i % JUNK_KINDS.length] as (typeof JUNK_KINDS)[number]
      yield { id: `junk/${i}`, text: JUNK_PAGES[kind]({ random, vocabulary }), metadata: { kind } }
    }
  }
  return random.shuffled([
    ...pages,
    ...upTo(copies(), size * SHARES.nearDuplicate),
    ...upTo(junk(), size * SHARES.junk),
  ])
}
