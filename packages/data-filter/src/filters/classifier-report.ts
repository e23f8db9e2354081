import { OptionError } from '../data-filter-error.js'

/** How well scores tell texts that are good from those that are not. */
export interface ClassifierReport {
  readonly truePositives: number
  readonly falsePositives: number
  readonly trueNegatives: number
  readonly falseNegatives: number
  readonly accuracy: number
  /** Of those that score high enough, the share that is good; NaN where none does. */
  readonly precision: number
  /** Of those that are good, the share that scores high enough; NaN where none is. */
  readonly recall: number
  /** The harmonic mean of the two; NaN where none is good and none scores high enough. */
  readonly f1: number
  /**
   * The probability that a good one scores higher than another, ties counted half: the area under the ROC curve; NaN without
   * both.
   */
  readonly auc: number
}

/**
 * Compares scores with what is so. A score of `than` or more counts as good. Throws OptionError unless there are as many labels
 * as scores, and where a score is no number.
 */
export function classifierReport(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  than: number,
): ClassifierReport {
  if (scores.length !== labels.length || scores.length === 0) {
    const got = `${scores.length} scores and ${labels.length} labels`
    throw new OptionError('classifierReport', 'as many labels as scores, one at least', got, 'Give one of each a text.')
  }
  const counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 }
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number
    if (Number.isNaN(score)) {
      throw new OptionError(
        'classifierReport',
        'scores to be numbers',
        `NaN for text ${i}`,
        'Leave out what has no score.',
      )
    }
    if (score >= than) counts[labels[i] ? 'truePositives' : 'falsePositives']++
    else counts[labels[i] ? 'falseNegatives' : 'trueNegatives']++
  }
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts
  return {
    ...counts,
    accuracy: (truePositives + trueNegatives) / scores.length,
    precision: truePositives / (truePositives + falsePositives),
    recall: truePositives / (truePositives + falseNegatives),
    f1: (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives),
    auc: areaUnderCurve(scores, labels),
  }
}

/** By the ranks of the good ones (Mann and Whitney); equal scores share their mean rank. */
function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): number {
  const order = Array.from({ length: scores.length }, (_, i) => i)
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number))
  let [rankSum, good] = [0, 0]
  for (let from = 0; from < order.length; ) {
    let to = from
    let goodHere = 0
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) {
      if (labels[order[to] as number]) goodHere++
      to++
    }
    // Ranks from + 1 to `to`.
    rankSum += (goodHere * (from + 1 + to)) / 2
    good += goodHere
    from = to
  }
  return (rankSum - (good * (good + 1)) / 2) / (good * (scores.length - good))
}
