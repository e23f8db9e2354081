import type { CheckedFile } from '../manifest/checked-file.js'
import { type ManifestHead, readManifest } from '../manifest/manifest-file.js'
import type { Storage, StoredFile } from '../storage.js'

const KIND = 'almanac.minhash.pairs'

/** What stage 2 leaves beside the pairs of a bucket's part. */
export interface PairManifest extends ManifestHead {
  readonly kind: typeof KIND
  /** The signature set's fingerprint. */
  readonly signatures: string
  readonly bucket: number
  readonly part: number
  readonly parts: number
  readonly pairs: number
  readonly file: CheckedFile
  /** Signatures of other data that pairs were sought with; null for none. */
  readonly index: { readonly onlyIndex: boolean; readonly files: readonly (StoredFile & { checksum: string })[] } | null
  /** Of pairs that `verifyPairs` measured; null as stage 2 finds them. */
  readonly verified: PairVerification | null
}

export interface PairVerification {
  /** Pairs less similar than this are not in the file. */
  readonly threshold: number
  /** A 32-bit float a pair: the similarity; NaN for a pair with an index, whose texts are not there. */
  readonly similarities: CheckedFile
  /** How many pairs were not similar enough, and their file: shard and document of both, and the similarity, 32 bits each. */
  readonly rejected: number
  readonly rejectedFile: CheckedFile
}

export const pairManifest = (fields: Omit<PairManifest, 'kind' | 'version'>): PairManifest => ({
  kind: KIND,
  version: 1,
  ...fields,
})

const partName = (bucket: number, part: number) => `${`${bucket}`.padStart(5, '0')}_${`${part}`.padStart(2, '0')}`
/** datatrove's name: `00003_00.dups`. */
export const pairFileName = (bucket: number, part: number): string => `${partName(bucket, part)}.dups`
export const pairManifestName = (bucket: number, part: number): string => `${partName(bucket, part)}.manifest.json`
export const similaritiesName = (bucket: number): string => `${partName(bucket, 0)}.similarities`
export const rejectedName = (bucket: number): string => `${partName(bucket, 0)}.rejected`

export function readPairManifest(storage: Storage, bucket: number, part: number): Promise<PairManifest> {
  return readManifest<PairManifest>(storage, pairManifestName(bucket, part), KIND)
}
