import { readChecked, writeChecked } from '../manifest/checked-file.js'
import { checksumOf } from '../manifest/checksum.js'
import { littleEndianBytes, littleEndianWords } from '../manifest/little-endian.js'
import { writeManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import { disjointSets } from './disjoint-sets.js'
import { type DocumentNumbers, documentNumbers } from './document-numbers.js'
import { type DocumentPlace, reasonRow } from './duplicate-reason.js'
import { numberSet } from './number-set.js'
import { IN_INDEX, readAllPairs } from './pair-reader.js'
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
  /** Stage 2's result, of all buckets and parts, or what `verifyPairs` made of it. */
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
   * first pair that it is in; that pair's bucket; the pair's similarity, a float, NaN where nobody measured it. Seven 32-bit words.
   */
  readonly provenance?: boolean
  /** Lets documents stay that are only in an index. */
  readonly ignoreIndex?: boolean
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
 * 4 more with another survivor than the first (and 8 with 'longest'), 10 with provenance, 4 with clusters or sizes each. Of a
 * cluster that is in an index nothing stays: its documents are one cluster each that they would be without the index. What is
 * written does not depend on the number of parts of stage 2, but for the pairs that provenance names.
 * Throws OptionError, ManifestError and FormatError.
 */
export async function chooseRemovals(options: RemovalOptions): Promise<RemovalSummary> {
  const { signatures, pairs: storage, removals, keep = 'first' } = options
  const set = await readSignatureSet(signatures)
  const numbers = documentNumbers(set.shards, 'chooseRemovals')
  const { total, bases } = numbers

  const sets = disjointSets(total)
  const paired = numberSet(total)
  const indexed = numberSet(total)
  const partners = options.provenance ? new Uint32Array(total) : null
  const buckets = options.provenance ? new Uint16Array(total) : null
  const similarities = options.provenance ? new Float32Array(total) : null
  let pairCount = 0
  for await (const piece of readAllPairs(storage, set)) {
    const { words, where } = piece
    const note = (one: number, other: number, pair: number) => {
      if (!paired.add(one) || !partners || !buckets || !similarities) return
      partners[one] = other
      buckets[one] = piece.bucket
      similarities[one] = piece.similarities ? (piece.similarities[pair] as number) : Number.NaN
    }
    for (let at = 0; at < words.length; at += 4) {
      const b = numbers.number(words[at + 2] as number, words[at + 3] as number, where)
      if (words[at] === IN_INDEX && words[at + 1] === IN_INDEX) {
        if (options.ignoreIndex) continue
        indexed.add(b)
        note(b, IN_INDEX, at / 4)
      } else {
        const a = numbers.number(words[at] as number, words[at + 1] as number, where)
        sets.join(a, b)
        note(a, b, at / 4)
        note(b, a, at / 4)
      }
      pairCount++
    }
  }

  const score = await scoreOf(keep, signatures, set, numbers)
  const survivors = score ? new Uint32Array(total) : null
  const sizes = options.sizes ? new Uint32Array(total) : null
  if (survivors) for (let i = 0; i < total; i++) survivors[i] = i
  for (let document = 0; document < total; document++) {
    if (!paired.has(document)) continue
    const root = sets.find(document)
    if (indexed.has(document)) indexed.add(root)
    if (sizes) sizes[root] = (sizes[root] as number) + 1
    if (survivors && score && score(document) > score(survivors[root] as number)) survivors[root] = document
  }

  const clusterNumbers = options.clusters ? new Uint32Array(total) : null
  const place = (document: number): DocumentPlace | null => {
    if (document === IN_INDEX) return null
    const rank = numbers.rank(document)
    return { rank, document: document - (bases[rank] as number) }
  }
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
      if (!paired.has(document)) continue
      const root = sets.find(document)
      // The root is the cluster's first member, so its number is there before the others ask.
      if (root === document) {
        if (clusterNumbers) clusterNumbers[root] = clusters
        clusters++
      }
      if (clusterNumbers) clusterRows.push(document - base, clusterNumbers[root] as number)
      if (sizes) sizeRows.push(document - base, sizes[root] as number)
      const survivor = indexed.has(root) ? IN_INDEX : survivors ? (survivors[root] as number) : root
      if (survivor === document) continue
      going.push(document - base)
      if (!partners || !buckets || !similarities) continue
      const [kept, pair] = [place(survivor), place(partners[document] as number)]
      const similarity = similarities[document] as number
      reasons.push(...reasonRow(document - base, { kept, pair, bucket: buckets[document] as number, similarity }))
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

async function scoreOf(
  keep: Keep,
  signatures: Storage,
  { shards }: SignatureSet,
  { total, bases, rank }: DocumentNumbers,
): Promise<((document: number) => number) | null> {
  if (keep === 'first') return null
  if (typeof keep !== 'string') {
    return (document) => keep.score(rank(document), document - (bases[rank(document)] as number))
  }
  const lengths = new Uint32Array(total)
  for (const [shard, { contents }] of shards.entries()) {
    const words = littleEndianWords(await readChecked(signatures, contents))
    for (let i = 0; 3 * i < words.length; i++) lengths[(bases[shard] as number) + i] = words[3 * i + 2] as number
  }
  return (document) => lengths[document] as number
}
