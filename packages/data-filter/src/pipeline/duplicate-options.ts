import { type ExactOptions, openExactSigner } from '../dedup/exact-signer.js'
import type { JsonValue } from '../document.js'
import type { Keep } from '../minhash/choose-removals.js'
import type { MinhashConfig } from '../minhash/minhash-config.js'
import { type Minhasher, openMinhasher, type Tokenize } from '../minhash/minhasher.js'
import type { SignatureConfig, Signer } from '../minhash/signer.js'

/** How duplicates are found. Of documents that are alike, one stays. */
export interface DuplicateOptions {
  /** What signatures must agree in to be comparable; JSON's values only. */
  readonly config: SignatureConfig
  /** Opens the signer of that configuration for one task. */
  readonly open: () => Promise<Signer>
  /** Why a document goes: `near_duplicate`. */
  readonly reason: string
  /** Which document of a cluster stays; 'first' unless given. */
  readonly keep?: Keep
  /** Parts that a bucket's pairs are looked for in, each a unit of work; 1 unless given. */
  readonly parts?: number
  /** Measures the true similarity of every pair, and leaves those below the threshold apart. */
  readonly verify?: { readonly threshold: number; readonly open: () => Promise<Minhasher> }
}

export interface NearDuplicateOptions extends Pick<DuplicateOptions, 'keep' | 'parts'> {
  readonly config: MinhashConfig
  /** The words function that the configuration names. */
  readonly tokenize: Tokenize
  /** Least Jaccard similarity of a pair's shingles, from 0 to 1. Left out, a shared bucket is enough, as in FineWeb. */
  readonly threshold?: number
}

/** Near duplicates by MinHash: Penedo et al. 2024 (arXiv 2406.17557), section 3.4. */
export function nearDuplicates({ config, tokenize, threshold, ...rest }: NearDuplicateOptions): DuplicateOptions {
  const open = () => openMinhasher(config, tokenize)
  return {
    ...{ config, open, reason: 'near_duplicate', ...rest },
    ...(threshold === undefined ? {} : { verify: { threshold, open } }),
  }
}

/** Exact duplicates, of the text unless another key is given: see `openExactSigner`. Short documents too. */
export function exactDuplicates(
  options: ExactOptions & Pick<DuplicateOptions, 'keep' | 'parts'> = {},
): Promise<DuplicateOptions> {
  const { keep, parts, ...of } = options
  const open = () => openExactSigner(of as ExactOptions)
  return open().then(({ config }) => ({
    ...{ config, open, reason: 'exact_duplicate' },
    ...(keep === undefined ? {} : { keep }),
    ...(parts === undefined ? {} : { parts }),
  }))
}

/** All that decides on which documents go, as data. */
export function describeDuplicates({ config, keep = 'first', parts = 1, verify, reason }: DuplicateOptions): JsonValue {
  return {
    ...(config as unknown as Readonly<Record<string, JsonValue>>),
    ...{ reason, parts, keep: typeof keep === 'string' ? keep : keep.name, threshold: verify?.threshold ?? null },
  }
}
