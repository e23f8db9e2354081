import type { Document } from '../document.js'

/** What the files of signatures look like. All else that makes signatures comparable stands beside it, in the signer's own configuration. */
export interface SignatureConfig {
  readonly buckets: number
  readonly hashesPerBucket: number
  /** Bits of a hash in the files; 64 unless given. */
  readonly precision?: 32 | 64
}

/** What the four stages need to know of a way to find duplicates: documents that have all hashes of a bucket in common are a pair. */
export interface Signer {
  /** Only JSON's values: it stands in every manifest, and other configurations are refused. */
  readonly config: SignatureConfig
  /** The hashes of all buckets, or null for a document that is nobody's duplicate.  [buckets hashesPerBucket precision / 32] */
  signature(text: string, document: Document): Uint32Array | null
  /** Tells that a document is the one that a signature was made of, 64 bits, the low word first.  [2] */
  contentId(text: string): Uint32Array
}

/** 32-bit words of a signature. */
export const signatureWords = ({ buckets, hashesPerBucket, precision = 64 }: SignatureConfig): number =>
  (buckets * hashesPerBucket * precision) / 32
