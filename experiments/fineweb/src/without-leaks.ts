import type { Document } from '@almanac/data-filter'

/** Words of a run that tells texts apart, and the share of runs in common from which a document counts as seen. */
const [RUN, SEEN] = [8, 0.1]

function runs(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return Array.from({ length: Math.max(0, words.length - RUN + 1) }, (_, i) => words.slice(i, i + RUN).join(' '))
}

/** Of each document, the share of its runs of eight words that some document of the corpus has too; 0 where it has no run. */
export function shareSeen(documents: readonly Document[], corpus: readonly Document[]): number[] {
  const seen = new Set(corpus.flatMap(({ text }) => runs(text)))
  return documents.map(({ text }) => {
    const own = runs(text)
    return own.length === 0 ? 0 : own.filter((run) => seen.has(run)).length / own.length
  })
}

/** The held-out documents that the corpus gives nothing of away: speakers quote each other, and some speeches exist twice. */
export function withoutLeaks(heldOut: readonly Document[], corpus: readonly Document[]): Document[] {
  const shares = shareSeen(heldOut, corpus)
  return heldOut.filter((_, i) => (shares[i] as number) < SEEN)
}
