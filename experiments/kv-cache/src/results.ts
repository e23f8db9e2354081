import type { Interval } from '@almanac/experiment-shared'

/** What a variant came to. */
export interface VariantResult {
  readonly name: string
  readonly parameters: number
  readonly feedForward: number
  /** Of the cache for one token, as the device's allocator has it; equal to the formula, or the run stops. */
  readonly bytesPerToken: number
  /** Held out, one a seed. */
  readonly bitsPerByte: readonly number[]
  readonly mean: number
  /** From the first variant's, seed by seed; none for the first itself. */
  readonly difference: Interval | null
}

/** The file that a run writes and the site's page reads. */
export interface Results {
  readonly date: string
  readonly command: string
  readonly text: string
  readonly steps: number
  readonly tokensPerStep: number
  readonly seeds: readonly number[]
  readonly machine: string
  readonly minutes: number
  readonly variants: readonly VariantResult[]
}
