import { seededRandom } from '@almanac/test-kit'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '../../src/document.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  chooseRemovals,
  type DuplicateReason,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  type MinhashConfig,
  type Minhasher,
  openMinhasher,
  type RemovalOptions,
  type RemovalSummary,
  signDocuments,
} from '../../src/minhash/index.js'
import type { Storage } from '../../src/storage.js'

const CONFIG: MinhashConfig = { ...FINEWEB_MINHASH, tokenizer: 'spaces' }
const onSpaces = (text: string) => (text === '' ? [] : text.split(' '))
const INPUTS = [{ name: 'crawl/000.warc.gz', bytes: 1234 }]

/** Documents of which many are edited copies of others; a few are too short for a shingle. */
function documents(count: number, seed: number): Document[] {
  const random = seededRandom(seed)
  const word = () =>
    `w${String.fromCharCode(97 + random.integer(26), 97 + random.integer(26), 97 + random.integer(26))}`
  const texts: string[][] = []
  for (let i = 0; i < count; i++) {
    if (i > 0 && random.next() < 0.6) {
      const copy = [...random.pick(texts)]
      const edits = random.integer(4)
      for (let edit = 0; edit < edits; edit++) copy[random.integer(copy.length)] = word()
      if (random.next() < 0.3) copy.push(word())
      texts.push(copy)
    } else
      texts.push(Array.from({ length: random.next() < 0.1 ? 1 + random.integer(4) : 20 + random.integer(60) }, word))
  }
  return texts.map((words, i) => ({
    id: `doc${i}`,
    text: words.join(' '),
    metadata: { file_path: 'crawl/000.warc.gz' },
  }))
}

/** Deals documents out in runs, so that their order over all shards stays. Shards may be empty. */
function shardsOf(all: readonly Document[], worldSize: number): Document[][] {
  const size = Math.ceil(all.length / worldSize) + 1
  return Array.from({ length: worldSize }, (_, rank) => all.slice(rank * size, (rank + 1) * size))
}

interface Run {
  readonly signatures: Storage
  readonly pairs: Storage
  readonly removals: Storage
  readonly summary: RemovalSummary
}

async function run(
  minhasher: Minhasher,
  shards: readonly Document[][],
  parts = 1,
  more: Partial<RemovalOptions> & { bufferBytes?: number } = {},
): Promise<Run> {
  const [signatures, pairs, removals] = [memoryStorage('s:'), memoryStorage('p:'), memoryStorage('r:')]
  for (const [rank, documents] of shards.entries()) {
    await signDocuments({ minhasher, documents, rank, worldSize: shards.length, inputs: INPUTS, signatures })
  }
  const { bufferBytes = 1, ...options } = more
  for (let bucket = 0; bucket < minhasher.config.buckets; bucket++) {
    for (let part = 0; part < parts; part++) await findPairs({ signatures, pairs, bucket, part, parts, bufferBytes })
  }
  return { signatures, pairs, removals, summary: await chooseRemovals({ signatures, pairs, removals, ...options }) }
}

async function kept(
  minhasher: Minhasher,
  shards: readonly Document[][],
  { signatures, removals }: Run,
): Promise<string[]> {
  const ids: string[] = []
  for (const [rank, documents] of shards.entries()) {
    for await (const { id } of dropDuplicates({ documents, rank, inputs: INPUTS, signatures, removals, minhasher }))
      ids.push(id)
  }
  return ids
}

/** Clusters by comparing every document with every other: lists of places, ascending. */
function clustersOf(minhasher: Minhasher, all: readonly Document[]): number[][] {
  const { buckets, hashesPerBucket } = minhasher.config
  const bands = all.map(({ text }) => {
    const signature = minhasher.signature(text)
    const width = 2 * hashesPerBucket
    return signature && Array.from({ length: buckets }, (_, b) => signature.subarray(b * width, (b + 1) * width).join())
  })
  const names = all.map((_, i) => i)
  for (let i = 0; i < all.length; i++) {
    for (let j = 0; j < i; j++) {
      if (!bands[i] || !bands[j]?.some((band, b) => band === bands[i]?.[b])) continue
      const [from, to] = [names[i], names[j]]
      names.forEach((name, k) => {
        if (name === from) names[k] = to as number
      })
    }
  }
  const clusters = new Map<number, number[]>()
  names.forEach((name, i) => clusters.set(name, [...(clusters.get(name) ?? []), i]))
  return [...clusters.values()].filter((cluster) => cluster.length > 1)
}

const wordsOf = async (storage: Storage, name: string): Promise<number[]> => {
  const bytes: number[] = []
  for await (const piece of storage.read(name)) bytes.push(...piece)
  return [...new Uint32Array(Uint8Array.from(bytes).buffer)]
}

describe('the stages', () => {
  let minhasher: Minhasher
  beforeAll(async () => {
    minhasher = await openMinhasher(CONFIG, onSpaces)
  })

  test.each([1, 2, 3, 4, 5])('keep the first of each cluster of brute force, data set %i', async (seed) => {
    const all = documents(150, seed)
    const clusters = clustersOf(minhasher, all)
    const going = new Set(clusters.flatMap((cluster) => cluster.slice(1)))
    expect(going.size).toBeGreaterThan(20)
    const expected = all.filter((_, i) => !going.has(i)).map(({ id }) => id)
    for (const [worldSize, parts] of [
      [1, 1],
      [3, 1],
      [7, 3],
      [160, 2],
    ] as const) {
      const shards = shardsOf(all, worldSize)
      const result = await run(minhasher, shards, parts)
      expect(await kept(minhasher, shards, result)).toEqual(expected)
      expect(result.summary.clusters).toBe(clusters.length)
      expect(result.summary.removed).toBe(going.size)
      expect(result.summary.documents).toBe(150)
    }
  })

  test('keep the longest or the best, the first among equals', async () => {
    const all = documents(120, 11)
    const clusters = clustersOf(minhasher, all)
    const shards = shardsOf(all, 4)
    const size = (shards[0] as Document[]).length
    const rules: [RemovalOptions['keep'], (i: number) => number][] = [
      ['longest', (i) => all[i]!.text.length],
      [{ name: 'odd', score: (rank, document) => (rank * size + document) % 7 }, (i) => i % 7],
    ]
    for (const [keep, score] of rules) {
      const going = new Set<number>()
      for (const cluster of clusters) {
        const best = Math.max(...cluster.map(score))
        const survivor = cluster.find((i) => score(i) === best)
        for (const i of cluster) if (i !== survivor) going.add(i)
      }
      const expected = all.filter((_, i) => !going.has(i)).map(({ id }) => id)
      expect(await kept(minhasher, shards, await run(minhasher, shards, 2, { keep: keep! }))).toEqual(expected)
    }
  })

  test('write clusters, sizes and where each removal comes from', async () => {
    const all = documents(120, 21)
    const clusters = clustersOf(minhasher, all)
    const shards = shardsOf(all, 3)
    const size = (shards[0] as Document[]).length
    const result = await run(minhasher, shards, 1, { clusters: true, sizes: true, provenance: true, keep: 'longest' })
    const [numbers, sizes] = [new Map<number, number>(), new Map<number, number>()]
    for (let rank = 0; rank < 3; rank++) {
      for (const [ending, into] of [
        ['clusters', numbers],
        ['sizes', sizes],
      ] as const) {
        const words = await wordsOf(result.removals, `00000${rank}.${ending}`)
        for (let i = 0; i < words.length; i += 2) into.set(rank * size + words[i]!, words[i + 1]!)
      }
    }
    // Numbers are given by the first member, ascending, as datatrove does.
    clusters.sort((a, b) => a[0]! - b[0]!)
    expect(numbers.size).toBe(clusters.flat().length)
    clusters.forEach((cluster, number) => {
      for (const i of cluster) expect([numbers.get(i), sizes.get(i)]).toEqual([number, cluster.length])
    })

    const dropped: [string, DuplicateReason | null][] = []
    for (const [rank, documents] of shards.entries()) {
      const { signatures, removals } = result
      const onDrop = (document: Document, reason: DuplicateReason | null) => dropped.push([document.id, reason])
      for await (const _ of dropDuplicates({
        documents,
        rank,
        inputs: INPUTS,
        signatures,
        removals,
        minhasher,
        onDrop,
      }));
    }
    expect(dropped).toHaveLength(result.summary.removed)
    for (const [id, reason] of dropped) {
      const at = Number(id.slice(3))
      const cluster = clusters.find((members) => members.includes(at)) as number[]
      const { kept, pair, bucket, similarity } = reason as DuplicateReason
      if (!kept || !pair) return expect.fail('nothing is in an index')
      expect(similarity).toBeNull()
      const longest = Math.max(...cluster.map((i) => all[i]!.text.length))
      expect(all[kept.rank * size + kept.document]!.text.length).toBe(longest)
      const other = minhasher.signature(all[pair.rank * size + pair.document]!.text) as Uint32Array
      const own = minhasher.signature(all[at]!.text) as Uint32Array
      expect(pair.rank * size + pair.document).not.toBe(at)
      expect(other.slice(16 * bucket, 16 * bucket + 16)).toEqual(own.slice(16 * bucket, 16 * bucket + 16))
    }
  })

  test('leave .remove files of every shard, in datatrove’s bytes, empty ones too', async () => {
    const text = 'one two three four five six seven eight'
    const shards = [['a', text], [text, 'b', text], ['c']].map((texts, rank) =>
      texts.map((text, i) => ({ id: `${rank}/${i}`, text, metadata: {} })),
    )
    const { pairs, removals } = await run(minhasher, shards)
    expect(await wordsOf(pairs, '00000_00.dups')).toEqual([0, 1, 1, 0, 1, 0, 1, 2])
    expect(await wordsOf(removals, '000000.remove')).toEqual([])
    expect(await wordsOf(removals, '000001.remove')).toEqual([0, 2])
    expect(await wordsOf(removals, '000002.remove')).toEqual([])
  })

  test('take shards without documents, and documents without words', async () => {
    const shards = [[], [{ id: 'x', text: '', metadata: {} }], []]
    expect(await kept(minhasher, shards, await run(minhasher, shards, 2))).toEqual(['x'])
  })
})
