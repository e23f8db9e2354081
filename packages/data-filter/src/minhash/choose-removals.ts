import { FormatError, ManifestError, OptionError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import { littleEndianBytes, littleEndianWords } from './band-file.js'
import { checkSize, checkSum, readChecked, writeChecked } from './checked-file.js'
import { checksumOf, checksums } from './checksum.js'
import { disjointSets } from './disjoint-sets.js'
import { readPairs } from './find-pairs.js'
import { writeManifest } from './manifest-file.js'
import { type PairManifest, pairManifestName, readPairManifest } from './pair-manifest.js'
import { type RemovalManifest, removalFileName, removalManifest, removalManifestName } from './removal-manifest.js'
import { readSignatureSet, type SignatureSet } from './signature-manifest.js'

/**
 * Which document of a cluster stays: the first by shard and place, the one with the longest text, or that with the highest score;
 * the first among equals. A score must give the same for the same document each time.
 */
export type Keep =
  | 'first'
  | 'longest'
  | { readonly name: string; readonly score: (rank: number, document: number) => number }

export interface RemovalOptions {
  readonly signatures: Storage
  /** Stage 2's result, of all buckets and parts. */
  readonly pairs: Storage
  /** Gets datatrove's files, `000000.remove` and so on: the documents to drop, 32 bits each, ascending; empty where there are none. */
  readonly removals: Storage
  /** 'first' if left out. */
  readonly keep?: Keep
  /** Writes `.clusters`: document and number of its cluster, for all that are in one. */
  readonly clusters?: boolean
  /** Writes `.sizes`: document and number of documents in its cluster. */
  readonly sizes?: boolean
  /**
   * Writes `.provenance` for each removed document: document; shard and document of what stays instead; shard and document of the
   * first pair that it is in; that pair's bucket. Six 32-bit words.
   */
  readonly provenance?: boolean
}

export interface RemovalSummary {
  readonly documents: number
  readonly pairs: number
  readonly clusters: number
  readonly removed: number
  /** By rank. */
  readonly shards: readonly RemovalManifest[]
}

/**
 * Stage 3: joins all pairs to clusters and names what goes. Documents get one number each over all shards, and 4 bytes of memory;
 * 4 more with another survivor than the first (and 8 with 'longest'), 6 with provenance, 4 with clusters or sizes each. What is
 * written does not depend on the number of parts of stage 2, but for the pairs that provenance names.
 * Throws OptionError, ManifestError and FormatError.
 */
export async function chooseRemovals(options: RemovalOptions): Promise<RemovalSummary> {
  const { signatures, pairs: storage, removals, keep = 'first' } = options
  const set = await readSignatureSet(signatures)
  const bases = [0]
  for (const { documents } of set.shards) bases.push((bases.at(-1) as number) + documents)
  const total = bases.at(-1) as number
  if (total >= 2 ** 32) {
    throw new OptionError('chooseRemovals', 'fewer than 2^32 documents', `${total}`, 'Deduplicate in several groups.')
  }

  const sets = disjointSets(total)
  const paired = new Uint8Array(Math.ceil(total / 8))
  const partners = options.provenance ? new Uint32Array(total) : null
  const buckets = options.provenance ? new Uint16Array(total) : null
  let pairCount = 0
  for await (const [words, where, bucket] of allPairs(storage, set)) {
    pairCount += words.length / 4
    for (let at = 0; at < words.length; at += 4) {
      const a = numberOf(bases, words[at] as number, words[at + 1] as number, where)
      const b = numberOf(bases, words[at + 2] as number, words[at + 3] as number, where)
      sets.join(a, b)
      for (const [one, other] of [[a, b] as const, [b, a] as const]) {
        const bit = 1 << (one & 7)
        if ((paired[one >>> 3] as number) & bit) continue
        paired[one >>> 3] = (paired[one >>> 3] as number) | bit
        if (partners) partners[one] = other
        if (buckets) buckets[one] = bucket
      }
    }
  }
  const isPaired = (document: number) => ((paired[document >>> 3] as number) & (1 << (document & 7))) !== 0
  const shardOf = (document: number) => shardAt(bases, document)

  const score = await scoreOf(keep, signatures, set, bases)
  const survivors = score ? new Uint32Array(total) : null
  const sizes = options.sizes ? new Uint32Array(total) : null
  if (survivors) for (let i = 0; i < total; i++) survivors[i] = i
  if (survivors || sizes) {
    for (let document = 0; document < total; document++) {
      if (!isPaired(document)) continue
      const root = sets.find(document)
      if (sizes) sizes[root] = (sizes[root] as number) + 1
      if (survivors && score && score(document) > score(survivors[root] as number)) survivors[root] = document
    }
  }

  const numbers = options.clusters ? new Uint32Array(total) : null
  let clusters = 0
  let removed = 0
  const shards: RemovalManifest[] = []
  for (let rank = 0; rank < set.shards.length; rank++) {
    const base = bases[rank] as number
    const going: number[] = []
    const clusterRows: number[] = []
    const sizeRows: number[] = []
    const reasons: number[] = []
    for (let document = base; document < (bases[rank + 1] as number); document++) {
      if (!isPaired(document)) continue
      const root = sets.find(document)
      // The root is the cluster's first member, so its number is there before the others ask.
      if (root === document) {
        if (numbers) numbers[root] = clusters
        clusters++
      }
      if (numbers) clusterRows.push(document - base, numbers[root] as number)
      if (sizes) sizeRows.push(document - base, sizes[root] as number)
      const survivor = survivors ? (survivors[root] as number) : root
      if (survivor === document) continue
      going.push(document - base)
      if (!partners || !buckets) continue
      const partner = partners[document] as number
      const place = (of: number) => [shardOf(of), of - (bases[shardOf(of)] as number)] as const
      reasons.push(document - base, ...place(survivor), ...place(partner), buckets[document] as number)
    }
    removed += going.length
    const write = (ending: Parameters<typeof removalFileName>[1], words: readonly number[]) =>
      writeChecked(removals, removalFileName(rank, ending), littleEndianBytes(Uint32Array.from(words)))
    if (options.clusters) await write('clusters', clusterRows)
    if (options.sizes) await write('sizes', sizeRows)
    const manifest = removalManifest({
      signatures: set.fingerprint,
      shard: await checksumOf(JSON.stringify(set.shards[rank])),
      rank,
      keep: typeof keep === 'string' ? keep : keep.name,
      removed: going.length,
      file: await write('remove', going),
      provenance: options.provenance ? await write('provenance', reasons) : null,
    })
    await writeManifest(removals, removalManifestName(rank), manifest)
    shards.push(manifest)
  }
  return { documents: total, pairs: pairCount, clusters, removed, shards }
}

/** The pairs of all buckets and parts, in their order, with the file's name and the bucket. */
async function* allPairs(
  storage: Storage,
  { config, fingerprint }: SignatureSet,
): AsyncGenerator<[words: Uint32Array, where: string, bucket: number]> {
  const newChecksum = await checksums()
  for (let bucket = 0; bucket < config.buckets; bucket++) {
    let manifest: PairManifest
    for (let part = 0, parts = 1; part < parts; part++) {
      manifest = await readPairManifest(storage, bucket, part)
      if (manifest.signatures !== fingerprint) {
        throw new ManifestError(
          `${storage.location}/${pairManifestName(bucket, part)}`,
          `pairs of the signatures ${fingerprint}`,
          `pairs of ${manifest.signatures}`,
          'Signatures were made again since: run stage 2 again too.',
        )
      }
      if (part > 0 && manifest.parts !== parts) {
        throw new ManifestError(
          `${storage.location}/${pairManifestName(bucket, part)}`,
          `part ${part} of ${parts}`,
          `part ${manifest.part} of ${manifest.parts}`,
          'Run all parts of this bucket with one number of parts.',
        )
      }
      parts = manifest.parts
      await checkSize(storage, manifest.file)
      const sum = newChecksum()
      const where = `${storage.location}/${manifest.file.name}`
      for await (const words of readPairs(storage, manifest.file.name)) {
        sum.update(littleEndianBytes(words))
        yield [words, where, bucket]
      }
      checkSum(storage, manifest.file, sum.digest())
    }
  }
}

function numberOf(bases: readonly number[], rank: number, document: number, where: string): number {
  const number = (bases[rank] as number) + document
  if (rank < bases.length - 1 && number < (bases[rank + 1] as number)) return number
  throw new FormatError(
    where,
    'shards and documents of the signatures',
    `document ${document} of shard ${rank}`,
    'The pairs belong to other signatures.',
  )
}

/** The last shard that begins at the document or before it; shards without documents begin where the next one does. */
function shardAt(bases: readonly number[], document: number): number {
  let [low, high] = [0, bases.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((bases[middle] as number) <= document) low = middle
    else high = middle
  }
  return low
}

async function scoreOf(
  keep: Keep,
  signatures: Storage,
  { shards }: SignatureSet,
  bases: readonly number[],
): Promise<((document: number) => number) | null> {
  if (keep === 'first') return null
  if (typeof keep !== 'string') {
    return (document) => {
      const rank = shardAt(bases, document)
      return keep.score(rank, document - (bases[rank] as number))
    }
  }
  const lengths = new Uint32Array(bases.at(-1) as number)
  for (const [rank, { contents }] of shards.entries()) {
    const words = littleEndianWords(await readChecked(signatures, contents))
    for (let i = 0; 3 * i < words.length; i++) lengths[(bases[rank] as number) + i] = words[3 * i + 2] as number
  }
  return (document) => lengths[document] as number
}
