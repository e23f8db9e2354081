import { seededRandom } from '@almanac/test-kit'
import type { Document } from '../../src/document.js'

/** Documents of token ids, and the same as documents of texts that `encode` turns into them. */
export function madeUpDocuments(seed: number, count: number, longest: number, vocabulary = 60_000) {
  const random = seededRandom(seed)
  const ids = Array.from({ length: count }, () =>
    Array.from({ length: Math.floor(random.next() * (longest + 1)) }, () => Math.floor(random.next() * vocabulary)),
  )
  const documents: Document[] = ids.map((one, n) => ({ id: `${n}`, text: one.join(' '), metadata: {} }))
  const encode = ({ text }: Document): number[] => (text === '' ? [] : text.split(' ').map(Number))
  return { ids, documents, encode }
}
