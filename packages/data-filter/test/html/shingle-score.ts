/** Shares of the shingles of both texts: in both, only in the prediction, only in the truth. They add up to 1, or are all 0. */
export interface PageScore {
  readonly both: number
  readonly extra: number
  readonly missing: number
}

export interface BenchmarkScore {
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

/** Python's \w+ on text: letters, numbers, underscore; marks end a word. */
const WORD = /[\p{L}\p{N}_]+/gu
const SHINGLE = 4

/** One page of scrapinghub's article-extraction-benchmark: multisets of four words in a row, as its evaluate.py counts them. */
export function pageScore(truth: string, prediction: string): PageScore {
  const wanted = shingles(truth)
  const got = shingles(prediction)
  let both = 0
  let extra = 0
  let missing = 0
  for (const key of new Set([...wanted.keys(), ...got.keys()])) {
    const [w, g] = [wanted.get(key) ?? 0, got.get(key) ?? 0]
    both += Math.min(w, g)
    extra += Math.max(0, g - w)
    missing += Math.max(0, w - g)
  }
  const all = both + extra + missing || 1
  return { both: both / all, extra: extra / all, missing: missing / all }
}

/** F1 of the mean precision and the mean recall over pages; a page without prediction has no precision, one without truth no recall. */
export function benchmarkScore(pages: readonly PageScore[]): BenchmarkScore {
  const precision = mean(pages.filter((p) => p.both + p.extra > 0).map((p) => p.both / (p.both + p.extra)))
  const recall = mean(pages.filter((p) => p.both + p.missing > 0).map((p) => p.both / (p.both + p.missing)))
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) }
}

function shingles(text: string): Map<string, number> {
  const words = text.match(WORD) ?? []
  const counts = new Map<string, number>()
  for (let i = 0; i < Math.max(1, words.length - SHINGLE + 1); i++) {
    const shingle = words.slice(i, i + SHINGLE)
    if (shingle.length === 0) continue
    const key = shingle.join(' ')
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
