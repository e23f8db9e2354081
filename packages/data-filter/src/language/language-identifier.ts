/** What a text's language is taken for. */
export interface LanguageGuess {
  /** The most likely language, as the identifier names it: `en`; empty where it cannot say. */
  readonly language: string
  /** How sure it is, from 0 to 1. What that means is the identifier's: thresholds do not pass from one to another. */
  readonly score: number
  /** The scores of all languages that it considers, the most likely first; those that are missing have none. */
  readonly all?: ReadonlyMap<string, number>
}

/** What names the language of texts. Equal texts get equal guesses. */
export interface LanguageIdentifier {
  readonly name: string
  identify(text: string): LanguageGuess
}
