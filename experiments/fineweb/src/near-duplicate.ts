import type { Document } from '@almanac/data-filter'
import type { RandomSource } from './random-source.js'

/** Share of a copy's words that are others: from the least to the most. */
const [LEAST, MOST] = [0.005, 0.03]

/**
 * A copy with other words here and there, as pages are copied from site to site. With a share of 0.03 the five-word shingles of
 * both have a similarity of about 0.75.
 */
export function nearDuplicate(of: Document, id: string, vocabulary: readonly string[], random: RandomSource): Document {
  const share = LEAST + (MOST - LEAST) * random.next()
  const text = of.text.replace(/[A-Za-z]+/g, (word) => (random.next() < share ? random.pick(vocabulary) : word))
  return { id, text, metadata: { kind: 'near-duplicate', source: of.metadata['source'] as string } }
}
