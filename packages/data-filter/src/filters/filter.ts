import type { Document, JsonValue } from '../document.js'
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
  /** What the filter knows of the document from now on; added to its metadata. */
  readonly metadata?: Document['metadata']
}

/**
 * A step that measures a document, may change its text or add to its metadata, and drops it by rules. Measuring and deciding are apart, so that what was measured can be kept and
 * other thresholds tried without reading the text again.
 */
export interface Filter {
  readonly name: string
  readonly rules: readonly Rule[]
  /** What else than the rules decides on its results: a pipeline with other settings is another pipeline. */
  readonly settings?: JsonValue
  /** The text is the document's as the filters before left it, and so is the metadata. */
  measure(text: string, words: Words, document: Document): Measured
}
