import { OptionError } from '../data-filter-error.js'
import type { Filter, Measured } from './filter.js'
import type { TextScorer } from './text-scorer.js'

export interface QualityFilterOptions {
  /** What scores texts, or the name of the metadata that has the score already (`scoreDocuments`). */
  readonly score: TextScorer | string
  /** A lower score drops a document. Default: 3, as in FineWeb-Edu. */
  readonly than?: number
  /** Whether that score itself drops it as well. Default: false. */
  readonly orEqual?: boolean
  /**
   * Decides on the score rounded to a whole number from 0 to 5, halves to the even one, as FineWeb-Edu does: with 3, what is
   * above 2.5 is kept. Default: false, which decides on the score as it is.
   */
  readonly rounded?: boolean
  /** Drops documents without a score, for `no_score`. Default: false, which keeps them. */
  readonly dropMissing?: boolean
}

/**
 * Drops documents whose quality is scored too low (reason `score`), and adds FineWeb-Edu's `score`, or `score` and `int_score`,
 * to the metadata. Statistics: `has_score` (0 or 1) and those. What is no finite number is no score. Throws OptionError where
 * `than` is no number.
 */
export function qualityFilter(options: QualityFilterOptions): Filter {
  const { score, than = 3, orEqual = false, rounded = false, dropMissing = false } = options
  if (!Number.isFinite(than))
    throw new OptionError('qualityFilter', 'than to be a number', String(than), 'FineWeb-Edu has 3.')
  return {
    name: 'quality',
    rules: [
      ...(dropMissing ? [{ statistic: 'has_score', drops: '<', than: 1, reason: 'no_score' } as const] : []),
      { statistic: rounded ? 'int_score' : 'score', drops: orEqual ? '<=' : '<', than, reason: 'score' },
    ],
    measure(text, words, { metadata }): Measured {
      const value = typeof score === 'string' ? metadata[score] : score.score(text, words)
      if (typeof value !== 'number' || !Number.isFinite(value)) return { statistics: { has_score: 0 } }
      const found = { score: value, ...(rounded && { int_score: roundedScore(value) }) }
      return { statistics: { has_score: 1, ...found }, metadata: found }
    },
  }
}

/** As Python rounds: to the nearest whole number, and to the even one of two. */
export function roundedScore(score: number): number {
  const within = Math.min(Math.max(score, 0), 5)
  const floor = Math.floor(within)
  const rest = within - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
