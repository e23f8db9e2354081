import { ManifestError } from '../data-filter-error.js'
import { checksumOf } from '../manifest/checksum.js'
import type { Storage } from '../storage.js'

/** What the manifests of a first stage's shards have in common. */
export interface ShardManifest {
  readonly config: object
  readonly rank: number
  readonly worldSize: number
}

/** A first stage's result as a whole. */
export interface ShardSet<M extends ShardManifest> {
  readonly config: M['config']
  /** By rank. */
  readonly shards: readonly M[]
  /** A checksum of all manifests: what later stages made belongs to this set or to another. */
  readonly fingerprint: string
}

/** Throws ManifestError where a shard's manifest is missing or of another run or configuration. */
export async function readShardSet<M extends ShardManifest>(
  storage: Storage,
  read: (storage: Storage, rank: number) => Promise<M>,
  nameOf: (rank: number) => string,
): Promise<ShardSet<M>> {
  const first = await read(storage, 0)
  const shards = [first]
  for (let rank = 1; rank < first.worldSize; rank++) shards.push(await read(storage, rank))
  const wanted = JSON.stringify(first.config)
  shards.forEach((shard, rank) => {
    const where = `${storage.location}/${nameOf(rank)}`
    const hint = 'Sign all shards with one configuration and one number of shards.'
    if (JSON.stringify(shard.config) !== wanted) {
      throw new ManifestError(where, `the configuration of shard 0, ${wanted}`, JSON.stringify(shard.config), hint)
    }
    if (shard.worldSize !== first.worldSize || shard.rank !== rank) {
      const got = `shard ${shard.rank} of ${shard.worldSize}`
      throw new ManifestError(where, `shard ${rank} of ${first.worldSize}`, got, hint)
    }
  })
  return { config: first.config, shards, fingerprint: await checksumOf(JSON.stringify(shards)) }
}
