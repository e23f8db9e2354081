import type { Storage } from '../storage.js'
import type { CheckedFile } from './checked-file.js'
import { type ManifestHead, readManifest } from './manifest-file.js'

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

export function readPairManifest(storage: Storage, bucket: number, part: number): Promise<PairManifest> {
  return readManifest<PairManifest>(storage, pairManifestName(bucket, part), KIND)
}
