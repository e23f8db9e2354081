import type { CheckedFile } from '../manifest/checked-file.js'
import { type ManifestHead, readManifest } from '../manifest/manifest-file.js'
import type { Storage, StoredFile } from '../storage.js'
import { readShardSet, type ShardSet } from './shard-set.js'
import type { SignatureConfig } from './signer.js'
import type { SortedFile } from './sorted-file.js'

const KIND = 'almanac.minhash.signatures'

/** What stage 1 leaves beside the signatures of a shard. */
export interface SignatureManifest extends ManifestHead {
  readonly kind: typeof KIND
  readonly config: SignatureConfig
  readonly rank: number
  readonly worldSize: number
  /** The files that the shard's documents came from, in their order. */
  readonly inputs: readonly StoredFile[]
  /** Documents of the shard, and those of them that were long enough for a signature. */
  readonly documents: number
  readonly signatures: number
  /** One a bucket. */
  readonly bands: readonly SortedFile[]
  /** Twelve bytes a document: the content id, 64 bits, and the length of its text in UTF-16 units, 32 bits. */
  readonly contents: CheckedFile
}

export const signatureManifest = (parts: Omit<SignatureManifest, 'kind' | 'version'>): SignatureManifest => ({
  kind: KIND,
  version: 1,
  ...parts,
})

// Beside datatrove's folders, never in them: it takes every file in a bucket's folder for signatures.
const shardName = (rank: number) => `${rank}`.padStart(5, '0')
export const signatureManifestName = (rank: number): string => `${shardName(rank)}.manifest.json`
export const contentsName = (rank: number): string => `${shardName(rank)}.contents`

/** Stage 1's result as a whole. */
export type SignatureSet = ShardSet<SignatureManifest>

/** One shard's manifest. Throws ManifestError, FormatError. */
export function readSignatureManifest(storage: Storage, rank: number): Promise<SignatureManifest> {
  return readManifest<SignatureManifest>(storage, signatureManifestName(rank), KIND)
}

/** All shards' manifests. Throws ManifestError where one is missing or of another run or configuration. */
export const readSignatureSet = (storage: Storage): Promise<SignatureSet> =>
  readShardSet(storage, readSignatureManifest, signatureManifestName)
