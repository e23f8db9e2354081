import type { Normalisation } from '../minhash/simplify-text.js'
import { c4Quality } from './c4-quality.js'
import type { Filter } from './filter.js'
import { fineWebQuality, STOP_CHARACTERS_2024 } from './fineweb-quality.js'
import { gopherQuality } from './gopher-quality.js'
import { gopherRepetition } from './gopher-repetition.js'

/** A set of thresholds that somebody published. */
export type ProfileName = 'paper' | 'fineweb-2024-05' | 'datatrove-0.10'

export interface Profile {
  readonly name: ProfileName
  /** What is special about it. */
  readonly about: string
  /** A document's language score must be above it, or at it with `languageScoreMayEqual`. */
  readonly languageScore: number
  readonly languageScoreMayEqual: boolean
  /** The filters of texts, in their order. */
  filters(): readonly Filter[]
  /** Filters that follow deduplication instead of preceding it; the rest precede it. */
  readonly afterDeduplication: readonly string[]
  /** How texts are made simple before they are hashed. */
  readonly normalisation: Normalisation
}

const paper: Profile = {
  name: 'paper',
  about:
    'Penedo et al. 2024 (arXiv 2406.17557), section 3: the thresholds of the text, without the fourth rule of the code.',
  languageScore: 0.65,
  languageScoreMayEqual: true,
  filters: () => [
    gopherQuality(),
    gopherRepetition(),
    c4Quality(),
    fineWebQuality({
      punctuatedLines: { drops: '<=', than: 0.12 },
      repeatedCharacters: { drops: '>=', than: 0.1 },
      shortLines: { drops: '>=', than: 0.67 },
      // "shorter than 30 characters"
      shortLine: 29,
      newlinesPerWord: null,
      stopCharacters: STOP_CHARACTERS_2024,
    }),
  ],
  afterDeduplication: ['c4-quality', 'fineweb-quality'],
  normalisation: 'fineweb-2024-05',
}

const release: Profile = {
  name: 'fineweb-2024-05',
  about: 'The code of the release: datatrove in May 2024, whose comparisons include their thresholds.',
  languageScore: 0.65,
  languageScoreMayEqual: false,
  filters: () => [
    gopherRepetition(),
    gopherQuality(),
    c4Quality(),
    fineWebQuality({
      punctuatedLines: { drops: '<=', than: 0.12 },
      repeatedCharacters: { drops: '>=', than: 0.01 },
      shortLines: { drops: '>=', than: 0.67 },
      stopCharacters: STOP_CHARACTERS_2024,
    }),
  ],
  afterDeduplication: [],
  normalisation: 'fineweb-2024-05',
}

const current: Profile = {
  name: 'datatrove-0.10',
  about: 'datatrove 0.10 as it stands: strict comparisons, and marks that end a sentence in any script.',
  languageScore: 0.65,
  languageScoreMayEqual: false,
  filters: () => [gopherRepetition(), gopherQuality(), c4Quality(), fineWebQuality()],
  afterDeduplication: [],
  normalisation: 'datatrove-0.10',
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  paper,
  'fineweb-2024-05': release,
  'datatrove-0.10': current,
}
