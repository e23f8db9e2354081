import { seededRandom } from '@almanac/test-kit'
import { beforeAll, describe, expect, test } from 'vitest'
import { ManifestError, OptionError } from '../../src/data-filter-error.js'
import type { Document } from '../../src/document.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  chooseRemovals,
  type DuplicateReason,
  distinctHashes,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  jaccardSimilarity,
  type MinhashConfig,
  type Minhasher,
  measurePairs,
  openMinhasher,
  shinglePaired,
  signDocuments,
  type VerifyOptions,
  verifyPairs,
} from '../../src/minhash/index.js'
import type { Storage } from '../../src/storage.js'
import { bytesOf, collect, editedCopies, filesOf, onSpaces, shardsOf, wordsOf } from './data-sets.js'

const CONFIG: MinhashConfig = { ...FINEWEB_MINHASH, tokenizer: 'spaces' }
let minhasher: Minhasher
beforeAll(async () => {
  minhasher = await openMinhasher(CONFIG, onSpaces)
})

async function upToPairs(shards: readonly Document[][], parts = 1, own = minhasher) {
  const [signatures, pairs] = [memoryStorage('signatures'), memoryStorage('pairs')]
  for (const [rank, documents] of shards.entries())
    await signDocuments({ minhasher: own, documents, rank, worldSize: shards.length, inputs: [], signatures })
  for (let bucket = 0; bucket < own.config.buckets; bucket++)
    for (let part = 0; part < parts; part++) await findPairs({ signatures, pairs, bucket, part, parts })
  return { signatures, pairs }
}

async function verify(
  shards: readonly Document[][],
  from: { signatures: Storage; pairs: Storage },
  more: Partial<VerifyOptions> & { threshold: number },
) {
  const verified = memoryStorage('verified')
  const documents = (rank: number) => shards[rank] as Document[]
  const summary = await verifyPairs({ ...from, verified, minhasher, documents, ...more })
  return { verified, summary }
}

/** Measured with sets of strings; null for a document that is too short for a shingle. */
function similarityOf(a: Document, b: Document): number {
  const set = ({ text }: Document) => {
    const words = onSpaces(text)
    return new Set(words.slice(4).map((_, i) => words.slice(i, i + 5).join(' ')))
  }
  const [x, y] = [set(a), set(b)]
  const common = [...x].filter((shingle) => y.has(shingle)).length
  return common / (x.size + y.size - common)
}

/** Pairs of places that share a bucket's hashes with at most `neighbours` - 1 documents between them, and the first such bucket. */
function candidates(all: readonly Document[], neighbours: number): Map<string, number> {
  const found = new Map<string, number>()
  for (let bucket = 0; bucket < 14; bucket++) {
    const groups = new Map<string, number[]>()
    all.forEach(({ text }, i) => {
      const band = minhasher
        .signature(text)
        ?.subarray(16 * bucket, 16 * bucket + 16)
        .join()
      if (!band) return
      const group = groups.get(band) ?? []
      for (const other of group.slice(-neighbours)) if (!found.has(`${other},${i}`)) found.set(`${other},${i}`, bucket)
      groups.set(band, [...group, i])
    })
  }
  return found
}

/** All pairs of stage 2 as places in `all`, with the first bucket of each. */
async function distinctPairs(pairs: Storage, size: number): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const { name } of await pairs.list('')) {
    if (!name.endsWith('.dups')) continue
    const words = await wordsOf(pairs, name)
    for (let i = 0; i < words.length; i += 4) {
      const places = [words[i]! * size + words[i + 1]!, words[i + 2]! * size + words[i + 3]!].sort((a, b) => a - b)
      const key = places.join()
      if (!found.has(key)) found.set(key, Number(name.slice(0, 5)))
    }
  }
  return found
}

describe('verifyPairs', () => {
  test.each([
    [1, 16],
    [2, 3],
    [3, 1],
  ])('joins what brute force finds similar enough, data set %i, %i neighbours', async (seed, neighbours) => {
    const all = editedCopies(220, seed, 6)
    const survivors: string[][] = []
    for (const [worldSize, parts, memoryBytes] of [
      [1, 1, 2 ** 28],
      [3, 2, 1],
      [7, 1, 3000],
    ] as const) {
      const shards = shardsOf(all, worldSize)
      const size = (shards[0] as Document[]).length
      const from = await upToPairs(shards, parts)
      const found = candidates(all, neighbours)
      if (neighbours === 1) expect(await distinctPairs(from.pairs, size)).toEqual(found)
      const threshold = 0.8
      const { verified, summary } = await verify(shards, from, { threshold, memoryBytes, neighbours })
      const expected = [...found].map(([key, bucket]) => {
        const [a, b] = key.split(',').map(Number) as [number, number]
        return { key, bucket, similarity: similarityOf(all[a]!, all[b]!) }
      })
      const good = expected.filter(({ similarity }) => similarity >= threshold)
      expect(good.length).toBeGreaterThan(10)
      expect(expected.length - good.length).toBeGreaterThan(3)
      expect([summary.measured, summary.joined]).toEqual([expected.length, good.length])
      expect(await distinctPairs(verified, size)).toEqual(new Map(good.map(({ key, bucket }) => [key, bucket])))

      // The similarities lie beside the pairs in their order, and beside them the pairs that were refused.
      for (let bucket = 0; bucket < 14; bucket++) {
        const name = `${bucket}`.padStart(5, '0')
        const words = await wordsOf(verified, `${name}_00.dups`)
        const similarities = new Float32Array((await bytesOf(verified, `${name}_00.similarities`)).buffer)
        expect(similarities).toHaveLength(words.length / 4)
        similarities.forEach((similarity, i) => {
          const key = `${words[4 * i]! * size + words[4 * i + 1]!},${words[4 * i + 2]! * size + words[4 * i + 3]!}`
          const wanted = good.find((pair) => pair.key === key)
          expect([wanted?.bucket, similarity]).toEqual([bucket, Math.fround(wanted!.similarity)])
        })
        const refused = (await bytesOf(verified, `${name}_00.rejected`)).buffer
        const [places, floats] = [new Uint32Array(refused), new Float32Array(refused)]
        const wanted = expected.filter((pair) => pair.bucket === bucket && pair.similarity < threshold)
        const got = wanted.map((_, i) => [
          `${places[5 * i]! * size + places[5 * i + 1]!},${places[5 * i + 2]! * size + places[5 * i + 3]!}`,
          floats[5 * i + 4],
        ])
        expect(places).toHaveLength(5 * wanted.length)
        expect(new Map(got as [string, number][])).toEqual(
          new Map(wanted.map(({ key, similarity }) => [key, Math.fround(similarity)])),
        )
      }
      // Runs that did not fit in memory are gone.
      expect((await verified.list('sorted-pairs')).length).toBe(0)

      const removals = memoryStorage('removals')
      await chooseRemovals({ signatures: from.signatures, pairs: verified, removals, provenance: true })
      const left: string[] = []
      for (const [rank, documents] of shards.entries()) {
        const onDrop = (document: Document, reason: DuplicateReason | null) => {
          const pair = reason?.pair as { rank: number; document: number }
          const other = all[pair.rank * size + pair.document] as Document
          expect(reason?.similarity).toBe(Math.fround(similarityOf(document, other)))
        }
        const options = { documents, rank, inputs: [], signatures: from.signatures, removals, minhasher, onDrop }
        left.push(...(await collect(dropDuplicates(options))).map(({ id }) => id))
      }
      survivors.push(left)
    }
    expect(survivors[1]).toEqual(survivors[0])
    expect(survivors[2]).toEqual(survivors[0])
  })

  test('joins at the threshold and not below it', async () => {
    // Shingles of one word, 7 of 10 in common; one hash a bucket, so that the pair is found.
    const config = { ...CONFIG, shingleWords: 1, buckets: 40, hashesPerBucket: 1 }
    const own = await openMinhasher(config, onSpaces)
    const words = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `w${String.fromCharCode(97 + from + i)}`).join(' ')
    const shards = [[words(0, 8), words(1, 10)].map((text, i) => ({ id: `${i}`, text, metadata: {} }))]
    const from = await upToPairs(shards, 1, own)
    for (const [threshold, joined] of [
      [0, 1],
      [0.699, 1],
      [0.7, 1],
      [0.7000001, 0],
      [1, 0],
    ] as const) {
      const { summary } = await verify(shards, from, { threshold, minhasher: own })
      expect([threshold, summary.measured, summary.joined]).toEqual([threshold, 1, joined])
    }
  })

  test('gives the same files in one call and shard by shard', async () => {
    const shards = shardsOf(editedCopies(80, 4), 3)
    const from = await upToPairs(shards)
    const { verified } = await verify(shards, from, { threshold: 0.8 })
    const apart = memoryStorage('verified')
    for (const rank of [2, 0, 1]) {
      const documents = shards[rank] as Document[]
      await shinglePaired({ ...from, verified: apart, minhasher, rank, documents, inputs: [] })
    }
    await measurePairs({ ...from, verified: apart, threshold: 0.8 })
    expect(await filesOf(apart)).toEqual(await filesOf(verified))
  })

  test('measures each pair once, though buckets share it', async () => {
    const text = 'one two three four five six seven'
    const shards = [[text, text, text].map((text, i) => ({ id: `${i}`, text, metadata: {} }))]
    const from = await upToPairs(shards)
    const { summary } = await verify(shards, from, { threshold: 1 })
    expect([summary.measured, summary.joined]).toEqual([3, 3])
    expect(summary.buckets.map(({ pairs }) => pairs)).toEqual([3, ...Array(13).fill(0)])
  })

  test('refuses other documents, other options and other signatures', async () => {
    const shards = shardsOf(editedCopies(40, 6), 2)
    const from = await upToPairs(shards)
    const other = (rank: number) =>
      (shards[rank] as Document[]).map((document) => ({ ...document, text: `${document.text} x` }))
    const first = verify(shards, from, { threshold: 0.5, documents: other })
    await expect(first).rejects.toThrow(
      'crawl/0.jsonl: doc0: expected document 0 of signatures/00000.manifest.json, got another text. Give the files that stage 1 had for this rank, or begin again with stage 1.',
    )
    await expect(first).rejects.toBeInstanceOf(ManifestError)
    const inputs = () => [{ name: 'a', bytes: 1 }]
    await expect(verify(shards, from, { threshold: 0.5, inputs })).rejects.toThrow(
      'a: expected no further file, as signatures/00000.manifest.json has it, got a of 1 bytes.',
    )
    const refused = verify(shards, from, { threshold: 1.5 })
    await expect(refused).rejects.toThrow('verifyPairs: threshold: expected a similarity from 0 to 1, got 1.5.')
    await expect(refused).rejects.toBeInstanceOf(OptionError)
    await expect(verify(shards, from, { threshold: 0.5, neighbours: 0 })).rejects.toThrow(
      'verifyPairs: neighbours: expected a whole number from 1 on, got 0.',
    )
    await expect(verify(shards, from, { threshold: Number.NaN })).rejects.toBeInstanceOf(OptionError)
    await expect(verify(shards, from, { threshold: 0.5, verified: from.pairs })).rejects.toThrow(
      'verifyPairs: verified: expected another storage than that of the pairs, got the same. Files of the same names go to both.',
    )
    const seeded = await openMinhasher({ ...CONFIG, seed: 2 }, onSpaces)
    await expect(verify(shards, from, { threshold: 0.5, minhasher: seeded })).rejects.toThrow(
      /^verifyPairs: minhasher: expected the signatures' configuration, \{.*"seed":1.*\}, got \{.*"seed":2.*\}\.$/,
    )
    const options = { ...from, verified: memoryStorage('v'), minhasher, rank: 2, documents: [], inputs: [] }
    await expect(shinglePaired(options)).rejects.toThrow('shinglePaired: rank: expected one from 0 to 1, got 2.')
  })

  test('measurePairs refuses shingles that are missing, or of other pairs or signatures', async () => {
    const shards = shardsOf(editedCopies(40, 6), 2)
    const from = await upToPairs(shards)
    const verified = memoryStorage('v')
    const measure = () => measurePairs({ ...from, verified, threshold: 0.5 })
    await expect(measure()).rejects.toThrow(
      'v/shingles/00000.manifest.json: expected a manifest, got no such file. Run shinglePaired for this rank.',
    )
    // Written when there were no pairs yet.
    const empty = await upToPairs([[], []])
    const none = { ...from, pairs: memoryStorage('p') }
    for (const { name } of await empty.pairs.list('')) await none.pairs.write(name, [await bytesOf(empty.pairs, name)])
    for (const rank of [0, 1]) {
      const documents = shards[rank] as Document[]
      await shinglePaired({ ...from, verified, minhasher, rank, documents, inputs: [] })
    }
    await signDocuments({ minhasher, documents: [], rank: 1, worldSize: 2, inputs: [], signatures: from.signatures })
    await expect(measure()).rejects.toThrow(
      /^v\/shingles\/00001.manifest.json: expected shingles of the signatures [0-9a-f]{16}, got [0-9a-f]{16}\. Signatures were made again since: run shinglePaired again too\.$/,
    )
  })

  test('stage 3 refuses buckets of different thresholds', async () => {
    const shards = shardsOf(editedCopies(40, 6), 2)
    const from = await upToPairs(shards)
    const [one, other] = [
      await verify(shards, from, { threshold: 0.5 }),
      await verify(shards, from, { threshold: 0.6 }),
    ]
    for (const { name } of await other.verified.list('00001_00'))
      await one.verified.write(name, [await bytesOf(other.verified, name)])
    const removals = memoryStorage('removals')
    await expect(chooseRemovals({ signatures: from.signatures, pairs: one.verified, removals })).rejects.toThrow(
      'verified/00001_00.manifest.json: expected pairs found with the index and the threshold of the others, got threshold and index [0.6,null] beside [0.5,null], or other files of an index. Run stage 2 again for all buckets and parts, with one index.',
    )
  })
})

test('distinct hashes of random sets keep their similarity through 32-bit floats', () => {
  const random = seededRandom(2)
  const draw = () => distinctHashes(Uint32Array.from({ length: 60 }, (_, i) => (i % 2 ? 0 : random.integer(40))))
  for (let i = 0; i < 50; i++) {
    const similarity = jaccardSimilarity(draw(), draw())
    expect(Math.abs(Math.fround(similarity) - similarity)).toBeLessThan(2 ** -24)
  }
})
