import type { ProfileName, Statistics } from '@almanac/data-filter'
import type { ExtractorName } from '@almanac/data-filter/html'
import type { Normalisation } from '@almanac/data-filter/minhash'
import type { RuleSet } from './decide.js'

/** What the page asks of its worker. */
export type Request =
  | { readonly type: 'judge'; readonly html: string; readonly extractor: ExtractorName }
  | {
      readonly type: 'compare'
      readonly texts: readonly [string, string]
      readonly normalisation: Normalisation
    }

/** Why C4's rules of lines take a line out. */
export type LineReason = 'lorem_ipsum' | 'curly_bracket' | 'few_words' | 'long_word' | 'javascript' | 'policy'

/** A line of the extracted text; null where it stays. */
export interface MarkedLine {
  readonly text: string
  readonly removed: LineReason | null
}

/** What was found of a page that has a text. */
export interface Judgement {
  readonly title: string
  /** Of the extracted text. */
  readonly characters: number
  /** The first lines of the text; `moreLines` follow. */
  readonly lines: readonly MarkedLine[]
  readonly moreLines: number
  /** Of all lines, those that C4's rules take out. */
  readonly removedLines: number
  /** Of each profile, the filters that it was measured with, in their order. */
  readonly filters: Readonly<Record<ProfileName, readonly RuleSet[]>>
  /** Of each profile, every statistic of every filter. */
  readonly statistics: Readonly<Record<ProfileName, Readonly<Record<string, Statistics>>>>
  readonly extractMs: number
  readonly measureMs: number
}

/** How alike two texts are. */
export interface Comparison {
  /** Different shingles of each text. */
  readonly shingles: readonly [number, number]
  /** |A and B| / |A or B|; null where a text is shorter than a shingle. */
  readonly jaccard: number | null
  /** Share of the signature's minima that agree. */
  readonly estimate: number | null
  /** Buckets that agree in all of their minima. */
  readonly sharedBuckets: number
  readonly buckets: number
  readonly hashesPerBucket: number
}

/** What the worker tells. `loaded` comes first: from then on the time is the text's own. */
export type Report =
  | { readonly type: 'loaded' }
  | { readonly type: 'judged'; readonly judgement: Judgement }
  | { readonly type: 'compared'; readonly comparison: Comparison }
  | { readonly type: 'refused'; readonly what: string; readonly todo: string }

/** The last report on a request. */
export type Answer = Exclude<Report, { type: 'loaded' }>
