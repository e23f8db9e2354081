import xxhash from 'xxhash-wasm'
import { OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import type { SignatureConfig, Signer } from '../minhash/signer.js'
import { type Normalisation, simplifyText } from '../minhash/simplify-text.js'

/** What two documents must have in common to be duplicates of each other. It stands in every manifest. */
export interface ExactConfig extends SignatureConfig {
  readonly exact: 'text' | 'simplified-text' | 'url' | 'key'
  readonly buckets: 1
  readonly hashesPerBucket: 1
  /** Of `simplified-text`. */
  readonly normalisation?: Normalisation
  /** A name for the function of `key`, with its version. */
  readonly key?: string
}

export type ExactOptions =
  | { readonly of?: 'text' }
  /** The text as MinHash sees it: lower case, numbers as 0, without punctuation and marks. `datatrove-0.10` if left out. */
  | { readonly of: 'simplified-text'; readonly normalisation?: Normalisation }
  /** The metadata's `url`, letter for letter; documents without one are nobody's duplicates. */
  | { readonly of: 'url' }
  /** What a function says; null for a document that is nobody's duplicate. */
  | { readonly of: 'key'; readonly name: string; readonly key: (document: Document) => string | null }

export interface ExactSigner extends Signer {
  readonly config: ExactConfig
}

/**
 * A signer for exact duplicates: one bucket of one hash, XXH64 of the whole text, or of what else is compared; every document has
 * one, short ones too. `signDocuments`, `findPairs`, `chooseRemovals` and `dropDuplicates` then do what they do with MinHash, files and
 * manifests and all. Among n documents the chance that any two different ones share a hash is about n^2 / 2^65: 3 in 10^8
 * for a million, 3 in 100 for a thousand million. Throws OptionError.
 */
export async function openExactSigner(options: ExactOptions = {}): Promise<ExactSigner> {
  const { h64Raw } = await xxhash()
  const encoder = new TextEncoder()
  const hashOf = (text: string): Uint32Array => {
    const hash = h64Raw(encoder.encode(text))
    return Uint32Array.of(Number(hash & 0xffffffffn), Number(hash >> 32n))
  }
  if (options.of === 'key' && options.name === '') {
    throw new OptionError(
      'openExactSigner: name',
      'a name of the key function',
      '""',
      'It is what tells later stages that the signatures are comparable.',
    )
  }
  const keyOf = keyFunction(options)
  const normalisation = options.of === 'simplified-text' ? (options.normalisation ?? 'datatrove-0.10') : undefined
  return {
    config: {
      exact: options.of ?? 'text',
      buckets: 1,
      hashesPerBucket: 1,
      ...(normalisation ? { normalisation } : {}),
      ...(options.of === 'key' ? { key: options.name } : {}),
    },
    signature(text, document) {
      const key = keyOf(text, document)
      return key === null ? null : hashOf(key)
    },
    contentId: hashOf,
  }
}

function keyFunction(options: ExactOptions): (text: string, document: Document) => string | null {
  switch (options.of) {
    case 'simplified-text':
      return (text) => simplifyText(text, options.normalisation)
    case 'url':
      return (_, { metadata }) => (typeof metadata['url'] === 'string' ? metadata['url'] : null)
    case 'key':
      return (_, document) => options.key(document)
    default:
      return (text) => text
  }
}
