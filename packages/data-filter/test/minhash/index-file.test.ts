import { beforeAll, describe, expect, test } from 'vitest'
import { FormatError, ManifestError, OptionError } from '../../src/data-filter-error.js'
import type { Document } from '../../src/document.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  adoptIndex,
  chooseRemovals,
  type DuplicateReason,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  type MinhashConfig,
  type Minhasher,
  openMinhasher,
  type PairOptions,
  signDocuments,
  verifyPairs,
} from '../../src/minhash/index.js'
import type { Storage } from '../../src/storage.js'
import { bytesOf, collect, editedCopies, messagesOfChanges, onSpaces, shardsOf, wordsOf } from './data-sets.js'

const CONFIG: MinhashConfig = { ...FINEWEB_MINHASH, buckets: 4, tokenizer: 'spaces' }
const ALL = editedCopies(360, 9, 2)
const [KNOWN, NEW] = [ALL.filter((_, i) => i % 3 === 0), ALL.filter((_, i) => i % 3 !== 0)]
const SENTINEL = 0xffffffff
let minhasher: Minhasher
beforeAll(async () => {
  minhasher = await openMinhasher(CONFIG, onSpaces)
})

async function sign(shards: readonly Document[][], own = minhasher) {
  const signatures = memoryStorage('signatures')
  for (const [rank, documents] of shards.entries())
    await signDocuments({ minhasher: own, documents, rank, worldSize: shards.length, inputs: [], signatures })
  return signatures
}
async function findAll(signatures: Storage, parts: number, more: Partial<PairOptions>, buckets = 4) {
  const pairs = memoryStorage('pairs')
  for (let bucket = 0; bucket < buckets; bucket++)
    for (let part = 0; part < parts; part++)
      await findPairs({ signatures, pairs, bucket, part, parts, bufferBytes: 1, ...more })
  return pairs
}
async function indexOf(documents: readonly Document[], parts = 1, name = 'known') {
  const storage = memoryStorage('index')
  await findAll(await sign([[...documents]]), parts, { createIndex: { storage, name } })
  return storage
}
/** The hashes of a document's buckets, as text. */
const bandsOf = ({ text }: Document): string[] | null => {
  const signature = minhasher.signature(text)
  return signature && Array.from({ length: 4 }, (_, b) => `${b}: ${signature.subarray(16 * b, 16 * b + 16).join()}`)
}
async function survivors(shards: readonly Document[][], signatures: Storage, pairs: Storage, ignoreIndex = false) {
  const removals = memoryStorage('removals')
  await chooseRemovals({ signatures, pairs, removals, provenance: true, ignoreIndex })
  const ids: string[] = []
  const reasons: DuplicateReason[] = []
  for (const [rank, documents] of shards.entries()) {
    const onDrop = (_: Document, reason: DuplicateReason | null) => reasons.push(reason as DuplicateReason)
    const left = dropDuplicates({ documents, rank, inputs: [], signatures, removals, minhasher, onDrop })
    ids.push(...(await collect(left)).map(({ id }) => id))
  }
  return { ids, reasons }
}

describe('an index', () => {
  test.each([1, 3])('has each different signature once, ascending, 64 bytes each, in %i parts', async (parts) => {
    const storage = await indexOf(KNOWN, parts)
    for (let bucket = 0; bucket < 4; bucket++) {
      const rows: number[][] = []
      for (let part = 0; part < parts; part++) {
        const words = await wordsOf(storage, `bucket_00${bucket}/known_0${part}.minhash.index`)
        for (let i = 0; i < words.length; i += 16) rows.push(words.slice(i, i + 16))
      }
      const wanted = new Set(KNOWN.flatMap((document) => bandsOf(document)?.[bucket] ?? []))
      expect(rows.map((row) => `${bucket}: ${row.join()}`).sort()).toEqual([...wanted].sort())
      const value = (row: number[]) => row.reduce((all, _, k) => (k % 2 ? all : (all << 64n) + u64(row, k)), 0n)
      const u64 = (row: number[], k: number) => BigInt(row[k]!) + (BigInt(row[k + 1]!) << 32n)
      rows.forEach((row, i) => {
        if (i > 0 && value(row) <= value(rows[i - 1]!)) expect.fail(`row ${i}`)
      })
    }
    // Only datatrove's own files lie in its folders.
    const names = (await storage.list('bucket_')).map(({ name }) => name)
    expect(names.filter((name) => !/^bucket_\d{3}\/known_\d{2}\.minhash\.index$/.test(name))).toEqual([])
  })

  test('drops all that is in it, and only that unless told, in any number of shards and parts', async () => {
    const storage = await indexOf(KNOWN)
    const known = new Set(KNOWN.flatMap((document) => bandsOf(document) ?? []))
    const inIndex = (document: Document) => bandsOf(document)?.some((band) => known.has(band)) ?? false
    const wanted = NEW.filter((document) => !inIndex(document)).map(({ id }) => id)
    expect(wanted.length).toBeGreaterThan(50)
    expect(NEW.length - wanted.length).toBeGreaterThan(30)
    for (const [worldSize, parts] of [
      [1, 1],
      [3, 2],
      [5, 4],
    ] as const) {
      const shards = shardsOf(NEW, worldSize)
      const signatures = await sign(shards)
      const pairs = await findAll(signatures, parts, { index: { storage } })
      const { ids, reasons } = await survivors(shards, signatures, pairs)
      expect(ids).toEqual(wanted)
      expect(reasons.map(({ kept, pair }) => [kept, pair])).toEqual(reasons.map(() => [null, null]))
      expect((await survivors(shards, signatures, pairs, true)).ids).toEqual(NEW.map(({ id }) => id))
    }
  })

  test('with onlyIndex false drops what the index or an earlier document has', async () => {
    const storage = await indexOf(KNOWN)
    const shards = shardsOf(NEW, 3)
    const signatures = await sign(shards)
    const pairs = await findAll(signatures, 2, { index: { storage, onlyIndex: false } })
    // Clusters over known and new documents; those with a known one lose all new ones.
    const clusters = new Map<string, Set<number>>()
    const all = [...KNOWN, ...NEW]
    const names = all.map((_, i) => i)
    const merge = (a: number, b: number) => {
      const [from, to] = [names[a], names[b] as number]
      names.forEach((name, k) => {
        if (name === from) names[k] = to
      })
    }
    const known = new Set(KNOWN.flatMap((document) => bandsOf(document) ?? []))
    all.forEach((document, i) => {
      for (const band of bandsOf(document) ?? []) {
        const others = clusters.get(band) ?? new Set()
        // Known documents are joined only by what a new one has: the index knows signatures, not documents.
        if (i >= KNOWN.length) for (const other of others) if (other >= KNOWN.length) merge(i, other)
        clusters.set(band, others.add(i))
      }
    })
    const fresh = NEW.map((document, i) => ({ document, name: names[i + KNOWN.length] as number }))
    const gone = new Set(
      fresh.filter(({ document }) => bandsOf(document)?.some((b) => known.has(b))).map(({ name }) => name),
    )
    const seen = new Set<number>()
    const wanted = fresh.filter(({ name }) => !gone.has(name) && !seen.has(name) && seen.add(name))
    expect((await survivors(shards, signatures, pairs)).ids).toEqual(wanted.map(({ document }) => document.id))
    expect(wanted.length).toBeLessThan(NEW.length - 60)
  })

  test('writes datatrove’s pairs with it', async () => {
    const text = 'one two three four five six seven eight'
    const documents = ['other words than those that are here', text, text].map((text, i) => ({
      id: `${i}`,
      text,
      metadata: {},
    }))
    const storage = await indexOf([documents[1] as Document])
    const signatures = await sign([documents])
    const first = [SENTINEL, SENTINEL, 0, 1]
    const both = await findAll(signatures, 1, { index: { storage, onlyIndex: false } })
    expect(await wordsOf(both, '00000_00.dups')).toEqual([...first, 0, 1, 0, 2])
    // datatrove leaves out the second document here, and so keeps it.
    const only = await findAll(signatures, 1, { index: { storage } })
    expect(await wordsOf(only, '00000_00.dups')).toEqual([...first, SENTINEL, SENTINEL, 0, 2])
  })

  test('of new signatures leaves out those of other indexes, and does not read itself', async () => {
    const storage = await indexOf(KNOWN)
    const signatures = await sign(shardsOf(NEW, 2))
    const create = () => findAll(signatures, 2, { index: { storage }, createIndex: { storage, name: 'more' } })
    const known = new Set(KNOWN.flatMap((document) => bandsOf(document) ?? []))
    const fresh = new Set(NEW.flatMap((document) => bandsOf(document) ?? []).filter((band) => !known.has(band)))
    for (let round = 0; round < 2; round++) {
      await create()
      let count = 0
      for (const { name, bytes } of await storage.list('bucket_')) if (name.includes('more_')) count += bytes / 64
      expect(count).toBe(fresh.size)
    }
  })

  test('pairs with it stay when pairs are verified', async () => {
    const storage = await indexOf(KNOWN)
    const shards = shardsOf(NEW, 2)
    const signatures = await sign(shards)
    const pairs = await findAll(signatures, 1, { index: { storage, onlyIndex: false } })
    const verified = memoryStorage('verified')
    await verifyPairs({ signatures, pairs, verified, minhasher, threshold: 1, documents: (rank) => shards[rank]! })
    const only = await survivors(shards, signatures, await findAll(signatures, 1, { index: { storage } }))
    const { ids, reasons } = await survivors(shards, signatures, verified)
    expect(reasons.filter(({ pair, similarity }) => pair === null && similarity !== null)).toEqual([])
    expect(reasons.filter(({ pair, similarity }) => pair !== null && similarity !== 1)).toEqual([])
    // Only exact copies go besides.
    const texts = new Set<string>()
    const byId = new Map(NEW.map((document) => [document.id, document]))
    const wanted = only.ids.filter((id) => {
      const { text } = byId.get(id) as Document
      return text.split(' ').length < 5 || (!texts.has(text) && texts.add(text))
    })
    expect(ids).toEqual(wanted)
  })

  test('that datatrove wrote is adopted', async () => {
    const own = await indexOf(KNOWN)
    const foreign = memoryStorage('foreign')
    // MinhashBuildIndex has no part in its names.
    for (let bucket = 0; bucket < 4; bucket++)
      await foreign.write(`bucket_00${bucket}/all.minhash.index`, [
        await bytesOf(own, `bucket_00${bucket}/known_00.minhash.index`),
      ])
    const signatures = await sign([NEW])
    const refused = findAll(signatures, 1, { index: { storage: foreign } })
    await expect(refused).rejects.toThrow(
      'foreign/index_000/all.manifest.json: expected a manifest, got no such file. Run adoptIndex if datatrove wrote this index.',
    )
    await expect(refused).rejects.toBeInstanceOf(ManifestError)
    const before = await bytesOf(foreign, 'bucket_001/all.minhash.index')
    expect(await adoptIndex(foreign, CONFIG)).toHaveLength(4)
    expect(await bytesOf(foreign, 'bucket_001/all.minhash.index')).toEqual(before)
    const [a, b] = [own, foreign].map((storage) => findAll(signatures, 2, { index: { storage } }))
    expect(await wordsOf((await a) as Storage, '00002_01.dups')).toEqual(
      await wordsOf((await b) as Storage, '00002_01.dups'),
    )

    const swapped = Uint8Array.from([...before.subarray(64, 128), ...before.subarray(0, 64)])
    await foreign.write('bucket_001/all.minhash.index', [swapped])
    const outOfOrder = adoptIndex(foreign, CONFIG)
    await expect(outOfOrder).rejects.toThrow(
      'foreign/bucket_001/all.minhash.index: expected records in ascending order, each once, got record 1 out of order.',
    )
    await expect(outOfOrder).rejects.toBeInstanceOf(FormatError)
    await foreign.write('bucket_001/all.minhash.index', [before.subarray(0, 65)])
    const cut = adoptIndex(foreign, CONFIG)
    await expect(cut).rejects.toThrow(
      'adoptIndex: foreign/bucket_001/all.minhash.index: expected records of 64 bytes, as the configuration has them, got 65 bytes. Give the configuration that the index was made with.',
    )
    await expect(cut).rejects.toBeInstanceOf(OptionError)
  })

  test('stops stage 2 where a bit of it changed, or where it is of another configuration', async () => {
    const storage = await indexOf(KNOWN)
    const signatures = await sign([NEW])
    const names = (await storage.list('')).map(({ name }) => name).filter((name) => name.includes('_000/'))
    const messages = await messagesOfChanges(storage, names, () => findAll(signatures, 3, { index: { storage } }, 1))
    expect(Object.keys(messages)).toHaveLength(3)
    for (const [name, message] of Object.entries(messages))
      expect([name, message]).toEqual([name, expect.stringContaining(name)])

    const other = await openMinhasher({ ...CONFIG, seed: 3 }, onSpaces)
    await expect(findAll(await sign([NEW], other), 1, { index: { storage } })).rejects.toThrow(
      /^index\/bucket_000\/known_00.minhash.index: expected the configuration \{.*"seed":3.*\}, got \{.*"seed":1.*\}\. Make the index again with the configuration of these signatures\.$/,
    )
    await expect(findAll(signatures, 1, { createIndex: { storage, name: 'a/b' } })).rejects.toThrow(
      'findPairs: createIndex: expected a name of letters, digits, - and _, got "a/b".',
    )
  })
})
