import type { LanguageIdentifier } from './language-identifier.js'

/** A fastText classifier of texts: of languages, or of anything else that its labels say. */
export interface FastTextModel extends LanguageIdentifier {
  readonly labels: readonly string[]
  /** Numbers of a vector. */
  readonly dim: number
}
