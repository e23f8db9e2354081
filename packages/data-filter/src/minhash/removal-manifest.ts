import type { CheckedFile } from '../manifest/checked-file.js'
import { type ManifestHead, readManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'

const KIND = 'almanac.minhash.removals'

/** What stage 3 leaves beside the removals of a shard. */
export interface RemovalManifest extends ManifestHead {
  readonly kind: typeof KIND
  /** The signature set's fingerprint. */
  readonly signatures: string
  /** Of this shard's own signature manifest. */
  readonly shard: string
  readonly rank: number
  readonly keep: string
  readonly removed: number
  readonly file: CheckedFile
  readonly provenance: CheckedFile | null
}

export const removalManifest = (fields: Omit<RemovalManifest, 'kind' | 'version'>): RemovalManifest => ({
  kind: KIND,
  version: 1,
  ...fields,
})

const shardName = (rank: number) => `${rank}`.padStart(6, '0')
/** datatrove's names: `000012.remove` and beside it .clusters and .sizes; .provenance is our own. */
export const removalFileName = (rank: number, ending: 'remove' | 'clusters' | 'sizes' | 'provenance'): string =>
  `${shardName(rank)}.${ending}`
export const removalManifestName = (rank: number): string => `${shardName(rank)}.manifest.json`

export function readRemovalManifest(storage: Storage, rank: number): Promise<RemovalManifest> {
  return readManifest<RemovalManifest>(storage, removalManifestName(rank), KIND)
}
