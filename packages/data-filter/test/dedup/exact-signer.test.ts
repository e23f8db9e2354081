import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { type ExactOptions, openExactSigner } from '../../src/dedup/index.js'
import type { Document } from '../../src/document.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  chooseRemovals,
  type DuplicateReason,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  openMinhasher,
  type RemovalOptions,
  signDocuments,
} from '../../src/minhash/index.js'
import { collect, filesOf, onSpaces, shardsOf } from '../minhash/data-sets.js'

async function keptOf(
  all: readonly Document[],
  options: ExactOptions,
  [worldSize, parts]: readonly [number, number] = [1, 1],
  more: Partial<RemovalOptions> = {},
) {
  const minhasher = await openExactSigner(options)
  const [signatures, pairs, removals] = [memoryStorage('s'), memoryStorage('p'), memoryStorage('r')]
  const shards = shardsOf(all, worldSize)
  for (const [rank, documents] of shards.entries())
    await signDocuments({ minhasher, documents, rank, worldSize, inputs: [], signatures })
  for (let part = 0; part < parts; part++) await findPairs({ signatures, pairs, bucket: 0, part, parts })
  await chooseRemovals({ signatures, pairs, removals, provenance: true, ...more })
  const ids: string[] = []
  const reasons: (DuplicateReason | null)[] = []
  const onDrop = (_: Document, reason: DuplicateReason | null) => reasons.push(reason)
  for (const [rank, documents] of shards.entries()) {
    const left = dropDuplicates({ documents, rank, inputs: [], signatures, removals, minhasher, onDrop })
    ids.push(...(await collect(left)).map(({ id }) => id))
  }
  return { ids, reasons, signatures }
}

/** The ids of the documents that have a key first, or have none. */
function firstOfEach(all: readonly Document[], keyOf: (document: Document) => string | null): string[] {
  const seen = new Set<string>()
  const first = all.filter((document) => {
    const key = keyOf(document)
    if (key === null || !seen.has(key)) {
      if (key !== null) seen.add(key)
      return true
    }
    return false
  })
  return first.map(({ id }) => id)
}

function documents(seed: number): Document[] {
  const random = seededRandom(seed)
  const words = ['Alpha', 'alpha', 'beta,', 'beta', 'gamma', 'gamma!', 'é', 'e']
  return Array.from({ length: 400 }, (_, i) => ({
    id: `${i}`,
    text: Array.from({ length: random.integer(4) }, () => random.pick(words)).join(' '),
    metadata: {
      ...(random.next() < 0.2 ? {} : { url: `https://example.org/${random.integer(100)}` }),
    } as Document['metadata'],
  }))
}
const PLANS = [
  [1, 1],
  [4, 3],
  [90, 2],
] as const

describe('the exact signer', () => {
  test.each(PLANS)('drops what the same text came before, in %i shards and %i parts', async (...plan) => {
    const all = documents(1)
    const wanted = firstOfEach(all, ({ text }) => text)
    expect(wanted.length).toBeLessThan(380)
    expect((await keptOf(all, {}, plan)).ids).toEqual(wanted)
  })

  test.each(PLANS)('compares simplified texts, in %i shards and %i parts', async (...plan) => {
    const all = documents(2)
    // What simplifying does to these few words.
    const simple = (text: string) => text.toLowerCase().replace(/[,!]/g, '').replaceAll('é', 'e')
    const wanted = firstOfEach(all, ({ text }) => simple(text))
    expect(wanted.length).toBeLessThan(firstOfEach(all, ({ text }) => text).length)
    expect((await keptOf(all, { of: 'simplified-text' }, plan)).ids).toEqual(wanted)
  })

  test.each(PLANS)('compares addresses, and leaves documents without, in %i shards and %i parts', async (...plan) => {
    const all = documents(3)
    const wanted = firstOfEach(all, ({ metadata }) => (metadata['url'] as string | undefined) ?? null)
    expect((await keptOf(all, { of: 'url' }, plan)).ids).toEqual(wanted)
  })

  test('compares what a function says', async () => {
    const all = documents(4)
    const key = ({ text }: Document) => (text.length > 8 ? text.slice(0, 3) : null)
    expect((await keptOf(all, { of: 'key', name: 'first three', key }, [3, 2])).ids).toEqual(firstOfEach(all, key))
  })

  test('says why, and keeps the longest if asked', async () => {
    const all = ['a b', 'A  B', 'x', 'a. b.'].map((text, i) => ({ id: `${i}`, text, metadata: {} }))
    const { ids, reasons } = await keptOf(all, { of: 'simplified-text' }, [1, 1], { keep: 'longest' })
    expect(ids).toEqual(['2', '3'])
    const kept = { rank: 0, document: 3 }
    expect(reasons[0]).toEqual({ kept, pair: { rank: 0, document: 1 }, bucket: 0, similarity: null })
  })

  test('has one record of twelve bytes a document, short ones too', async () => {
    const { signatures } = await keptOf(documents(5), {})
    const files = await filesOf(signatures)
    expect(files['bucket_000/00000.minhash.sig']).toHaveLength(400 * 12)
  })

  test('refuses shards of another key, and of MinHash', async () => {
    const [byText, byUrl] = [await openExactSigner(), await openExactSigner({ of: 'url' })]
    const minhash = await openMinhasher({ ...FINEWEB_MINHASH, tokenizer: 'spaces' }, onSpaces)
    for (const minhasher of [byUrl, minhash]) {
      const signatures = memoryStorage('s')
      const shard = { documents: documents(6), worldSize: 2, inputs: [], signatures }
      await signDocuments({ ...shard, minhasher: byText, rank: 0 })
      await signDocuments({ ...shard, minhasher, rank: 1 })
      await expect(findPairs({ signatures, pairs: memoryStorage(), bucket: 0 })).rejects.toThrow(
        's/00001.manifest.json: expected the configuration of shard 0, {"exact":"text","buckets":1,"hashesPerBucket":1}, got {',
      )
    }
    await expect(openExactSigner({ of: 'key', name: '', key: () => null })).rejects.toThrow(
      'openExactSigner: name: expected a name of the key function, got "". It is what tells later stages that the signatures are comparable.',
    )
  })
})
