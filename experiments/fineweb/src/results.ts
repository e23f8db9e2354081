import type { Interval } from '@almanac/experiment-shared'
import type { ArmName } from './arms.js'

/** What a rule took out. A document counts for the first rule that drops it. */
export interface Removal {
  readonly rule: string
  readonly documents: number
  readonly bytes: number
}

/** How much of a kind of document there was, and how much of it the filtered arm has. */
export interface KindCount {
  readonly kind: string
  readonly documents: number
  readonly bytes: number
  readonly keptDocuments: number
  readonly keptBytes: number
}

/** One model: which seed and which subset, and what it scored. */
export interface RunScore {
  readonly seed: number
  readonly subset: number
  /** On held-out clean text. */
  readonly bitsPerByte: number
  /** Share of the continuations that it found among four. */
  readonly cloze: number
}

export interface ArmResult {
  readonly name: ArmName
  readonly documents: number
  readonly bytes: number
  /** Tokens of a run over the bytes of its subset, on average. */
  readonly epochs: number
  readonly runs: readonly RunScore[]
  readonly bitsPerByte: number
  readonly cloze: number
}

/** One arm minus another, run by run of the same seed and subset: the mean and its 95 % interval (Student). */
export interface Difference {
  readonly arm: ArmName
  readonly minus: ArmName
  readonly bitsPerByte: Interval
  readonly cloze: Interval
}

/** What comes out of the experiment, wherever it runs. */
export interface Findings {
  readonly text: string
  readonly parameters: number
  readonly steps: number
  readonly tokensPerStep: number
  readonly seeds: readonly number[]
  readonly subsets: number
  /** Of the raw corpus. */
  readonly documents: number
  readonly bytes: number
  readonly shares: { readonly clean: number; readonly nearDuplicate: number; readonly junk: number }
  readonly heldOut: {
    readonly documents: number
    readonly bytes: number
    /** Taken out because the raw corpus has a tenth or more of their runs of eight words. */
    readonly leaking: number
    /** Bytes whose likelihood is the score, and questions of the cloze test. */
    readonly scoredBytes: number
    readonly questions: number
  }
  readonly kinds: readonly KindCount[]
  readonly removals: readonly Removal[]
  readonly arms: readonly ArmResult[]
  readonly differences: readonly Difference[]
}

/** The file that a run writes and the site's page reads. */
export interface Results extends Findings {
  readonly date: string
  readonly command: string
  readonly machine: string
  readonly minutes: number
}
