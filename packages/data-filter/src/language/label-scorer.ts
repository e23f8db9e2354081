import { OptionError } from '../data-filter-error.js'
import type { TextScorer } from '../filters/text-scorer.js'
import type { FastTextModel } from './fasttext-model.js'

/**
 * Scores texts by the probability that a fastText model gives one of its labels, for `qualityFilter`: so DCLM chose its texts
 * (Li et al. 2024, arXiv 2406.11794). Throws OptionError where the model has no such label.
 */
export function labelScorer(model: FastTextModel, label: string): TextScorer {
  if (!model.labels.includes(label)) {
    const some = model.labels.slice(0, 10).join(', ')
    throw new OptionError(
      'labelScorer',
      `a label of ${model.name}`,
      label,
      `It has ${some}${model.labels.length > 10 ? ' and more' : ''}.`,
    )
  }
  return { name: `${model.name}/${label}`, score: (text) => model.identify(text).all?.get(label) ?? 0 }
}
