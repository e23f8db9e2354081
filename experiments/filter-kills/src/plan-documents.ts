import { random } from './random.js'

/** How a document is made of the originals. */
export interface PlannedDocument {
  readonly original: number
  /** Seed of the variation, and the share of words that it changes. */
  readonly seed: number
  readonly share: number
  /** Changed again a little, for a near duplicate; null for none. */
  readonly again: number | null
}

/** One in five is an earlier document again: half of them to the letter, half with one word in a hundred changed. */
export function planDocuments(originals: number, count: number, seed: number): PlannedDocument[] {
  const next = random(seed)
  const plan: PlannedDocument[] = []
  for (let i = 0; i < count; i++) {
    if (i > 0 && next() < 0.2) {
      const earlier = plan[Math.floor(next() * i)] as PlannedDocument
      plan.push(next() < 0.5 ? earlier : { ...earlier, again: Math.floor(next() * 2 ** 31) })
    } else {
      plan.push({
        original: Math.floor(next() * originals),
        seed: Math.floor(next() * 2 ** 31),
        share: 0.2 + 0.6 * next(),
        again: null,
      })
    }
  }
  return plan
}
