import type { Words } from './filter.js'

/** What gives a text a number, at once: a classifier of hashed words, a model of language, a rule. */
export interface TextScorer {
  readonly name: string
  /** The words, where somebody has found them already, need not be found again. */
  score(text: string, words?: Words): number
}
