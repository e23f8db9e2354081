import { OptionError } from '../data-filter-error.js'
import type { SignatureConfig } from './signer.js'
import type { Normalisation } from './simplify-text.js'

/** What two signatures must agree in to be comparable. It stands in every manifest. */
export interface MinhashConfig extends SignatureConfig {
  /** Words a shingle. */
  readonly shingleWords: number
  readonly buckets: number
  readonly hashesPerBucket: number
  /** Of the hash functions' parameters; in [0, 2^32). */
  readonly seed: number
  /** Of shingles; with 64 bits `xxhash64`, with 32 `xxhash32`, and SHA-1's first ones with either. */
  readonly hash: 'sha1' | 'xxhash64' | 'xxhash32'
  readonly normalisation: Normalisation
  /** A name for the function that takes the words out of a text, with its version: other words are other signatures. */
  readonly tokenizer: string
}

/**
 * FineWeb's: 5 words, 14 buckets of 8 hashes, SHA-1; documents whose shingle sets have similarity s share a bucket with
 * probability 1 - (1 - s^8)^14. Source: Penedo et al. 2024, "The FineWeb Datasets", section 3.4, https://arxiv.org/abs/2406.17557.
 */
export const FINEWEB_MINHASH: Omit<MinhashConfig, 'tokenizer'> = {
  shingleWords: 5,
  buckets: 14,
  hashesPerBucket: 8,
  seed: 1,
  hash: 'sha1',
  normalisation: 'datatrove-0.10',
}

/** Throws OptionError. */
export function checkMinhashConfig(config: MinhashConfig): MinhashConfig {
  const whole = (name: 'shingleWords' | 'buckets' | 'hashesPerBucket' | 'seed', least: number, most: number) => {
    const value = config[name]
    if (Number.isInteger(value) && value >= least && value <= most) return
    throw new OptionError(`minhash: ${name}`, `a whole number from ${least} to ${most}`, `${value}`)
  }
  const oneOf = (name: 'hash' | 'normalisation', values: readonly string[]) => {
    if (values.includes(config[name])) return
    throw new OptionError(`minhash: ${name}`, values.join(' or '), `"${config[name]}"`)
  }
  whole('shingleWords', 1, 100)
  // Three digits in the names of the buckets' folders; what a pair's provenance counts in 16 bits.
  whole('buckets', 1, 999)
  whole('hashesPerBucket', 1, 64)
  whole('seed', 0, 2 ** 32 - 1)
  const { precision = 64 } = config
  if (precision !== 32 && precision !== 64) {
    throw new OptionError('minhash: precision', '32 or 64', `${precision}`)
  }
  oneOf('hash', ['sha1', `xxhash${precision}`])
  oneOf('normalisation', ['datatrove-0.10', 'fineweb-2024-05'])
  if (config.tokenizer === '') {
    throw new OptionError(
      'minhash: tokenizer',
      'a name of the words function',
      '""',
      'It is what tells later stages that the signatures are comparable.',
    )
  }
  return config
}
