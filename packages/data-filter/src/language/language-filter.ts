import { OptionError } from '../data-filter-error.js'
import type { Filter } from '../filters/filter.js'
import { PROFILES, type ProfileName } from '../filters/profiles.js'
import type { LanguageIdentifier } from './language-identifier.js'

export interface LanguageFilterOptions {
  readonly identifier: LanguageIdentifier
  /** The languages that are kept, as the identifier names them. Default: all. */
  readonly languages?: readonly string[]
  /** The score that a text needs. Default: the profile's, 0.65. */
  readonly score?: number
  /** Whether that score itself is enough. Default: the profile's, which is true in the paper and false in datatrove. */
  readonly mayEqual?: boolean
  /** Default: datatrove-0.10. */
  readonly profile?: ProfileName
}

/**
 * Drops texts whose language is unclear (`language_score`), or clearly none of those wanted (`language`). Writes `language` and
 * `language_score` into the metadata. As datatrove's `LanguageFilter`: with `languages`, it is enough that one of them has the
 * score, even if another has a higher one. datatrove gives no reason for either.
 *
 * Statistics: `language_score`, the likeliest language's; with `languages`, `wanted_language_score`, the highest of those.
 * Throws OptionError for a score that is no number, and for an empty list of languages.
 */
export function languageFilter(options: LanguageFilterOptions): Filter {
  const { identifier, languages, profile = 'datatrove-0.10' } = options
  const { score = PROFILES[profile].languageScore, mayEqual = PROFILES[profile].languageScoreMayEqual } = options
  if (!Number.isFinite(score)) {
    throw new OptionError('languageFilter', 'score to be a number', String(score), 'The profiles have 0.65.')
  }
  if (languages?.length === 0) {
    throw new OptionError(
      'languageFilter',
      'languages to name one at least',
      'none',
      'Leave it out to keep all languages.',
    )
  }
  const drops = mayEqual ? '<' : '<='
  return {
    name: 'language',
    rules: [
      { statistic: 'language_score', drops, than: score, reason: 'language_score' },
      ...(languages ? [{ statistic: 'wanted_language_score', drops, than: score, reason: 'language' } as const] : []),
    ],
    settings: { identifier: identifier.name, languages: languages ?? null },
    measure(text) {
      const guess = identifier.identify(text)
      const scoreOf = (language: string): number =>
        guess.all?.get(language) ?? (language === guess.language ? guess.score : 0)
      return {
        statistics: {
          language_score: guess.score,
          ...(languages && { wanted_language_score: Math.max(...languages.map(scoreOf)) }),
        },
        metadata: { language: guess.language, language_score: guess.score },
      }
    },
  }
}
