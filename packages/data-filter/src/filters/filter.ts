import type { WordIds } from '../text/word-ids.js'
import type { WordTokens } from '../text/word-tokens.js'
import type { Rule, Statistics } from './rule.js'

/** The words of a text, made when first asked for and shared by all filters that look at the same text. */
export interface Words {
  tokens(): WordTokens
  ids(): WordIds
}

/** What a filter finds. */
export interface Measured {
  readonly statistics: Statistics
  /** The text that goes on, where the filter changes it. */
  readonly text?: string
}

/**
 * A step that measures a text and drops it by rules. Measuring and deciding are apart, so that what was measured can be kept and
 * other thresholds tried without reading the text again.
 */
export interface Filter {
  readonly name: string
  readonly rules: readonly Rule[]
  measure(text: string, words: Words): Measured
}
