import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StorageError } from '../../src/data-filter-error.js'
import { readFile } from '../../src/manifest/checked-file.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  type BytesPerToken,
  type Mixture,
  mixture,
  mixtureBatches,
  openTokenShard,
  type TokenShard,
  writeTokenShard,
} from '../../src/mixture/index.js'
import type { Storage } from '../../src/storage.js'
import { madeUpDocuments } from './made-up-documents.js'

const T = 16
const storage = memoryStorage()
let folder: string
const opened: TokenShard[] = []
/** Each shard's documents, every one with its end token. */
const texts = new Map<string, number[][]>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mixture-'))
  for (const [n, name] of ['web0', 'web1', 'code0'].entries()) {
    const { ids, documents, encode } = madeUpDocuments(n, 40 + 30 * n, 50)
    await writeTokenShard(storage, name, documents, encode, { bytesPerToken: 2, endToken: 1, tokenizer: 'one' })
    texts.set(
      name,
      ids.map((one) => [...one, 1]),
    )
  }
  const { documents, encode } = madeUpDocuments(9, 40, 50, 100_000)
  await writeTokenShard(storage, 'wide', documents, encode, { bytesPerToken: 4, tokenizer: 'one' })
  await writeTokenShard(storage, 'other', documents, encode, { bytesPerToken: 4, tokenizer: 'two' })
  for (const { name } of await storage.list('')) await writeFile(join(folder, name), await readFile(storage, name))
})
afterAll(async () => {
  await Promise.all(opened.map((shard) => shard.close()))
  await rm(folder, { recursive: true })
})

async function mixed(
  place: typeof storage | string,
  names: readonly (readonly string[])[],
  tokens = 4000,
): Promise<Mixture<TokenShard>> {
  const sources = await Promise.all(
    names.map(async (list, s) => {
      const shards = await Promise.all(list.map((name) => openTokenShard(place, name)))
      opened.push(...shards)
      return { name: `${s}`, weight: 1 / names.length, shards }
    }),
  )
  return mixture({ sources, tokens, window: T, seed: 3 })
}
const WEB_AND_CODE = [['web0', 'web1'], ['code0']]

describe('batches of a mixture', () => {
  test('are its windows with their documents’ begins, the same at once, waiting, and from a storage', async () => {
    const mix = await mixed(folder, WEB_AND_CODE)
    const here = mixtureBatches(mix, { batchSize: 3 })
    const there = mixtureBatches(await mixed(storage, WEB_AND_CODE), { batchSize: 3 })
    expect(here.steps).toBe(Math.floor(4000 / T / 3))
    for (let step = 0; step < here.steps; step++) {
      const batch = here.at(step)
      expect(await here.read(step)).toEqual(batch)
      expect(await there.read(step)).toEqual(batch)
      expect(batch.tokens).toBeInstanceOf(Uint16Array)
      expect(batch.rows).toEqual([0, T + 1, 2 * (T + 1)])
      const starts: number[] = []
      batch.rows.forEach((row, n) => {
        const { source, shard, start } = mix.at(step * 3 + n)
        expect(batch.places[n]).toEqual(mix.at(step * 3 + n))
        const documents = texts.get(WEB_AND_CODE[source]?.[shard] as string) as number[][]
        expect([...batch.tokens.subarray(row, row + T + 1)]).toEqual(documents.flat().slice(start, start + T + 1))
        const begins = documents.map((_, d) => documents.slice(0, d).reduce((sum, one) => sum + one.length, 0))
        starts.push(row, ...begins.filter((at) => at > start && at <= start + T).map((at) => at - start + row))
      })
      expect([...batch.starts]).toEqual(starts)
    }
  })

  test('go on at any step as if there had been no pause', async () => {
    const all = mixtureBatches(await mixed(folder, WEB_AND_CODE), { batchSize: 4 })
    const uninterrupted = Array.from({ length: all.steps }, (_, step) => all.at(step))
    for (const step of [0, 1, all.steps - 1, all.steps]) {
      const resumed = mixtureBatches(await mixed(storage, WEB_AND_CODE), { batchSize: 4 })
      const rest = []
      for await (const batch of resumed.from(step)) rest.push(batch)
      expect(rest).toEqual(uninterrupted.slice(step))
    }
  })

  test('are partitioned by ranks, step by step', async () => {
    const mix = await mixed(folder, WEB_AND_CODE)
    const one = mixtureBatches(mix, { batchSize: 6 })
    const two = [0, 1].map((rank) => mixtureBatches(mix, { batchSize: 3, rank, ranks: 2 }))
    expect(two.map(({ steps }) => steps)).toEqual([one.steps, one.steps])
    for (let step = 0; step < one.steps; step++) {
      const parts = two.map((batches) => batches.at(step))
      expect(parts.flatMap(({ places }) => places)).toEqual(one.at(step).places)
      expect(parts.flatMap(({ tokens }) => [...tokens])).toEqual([...one.at(step).tokens])
    }
  })

  test('have four bytes a token where any shard has', async () => {
    const batches = mixtureBatches(await mixed(folder, [['web0'], ['wide']]), { batchSize: 8 })
    const batch = batches.at(0)
    expect(batch.tokens).toBeInstanceOf(Uint32Array)
    expect(await batches.read(0)).toEqual(batch)
    const sizes: BytesPerToken[] = [2, 4]
    expect(sizes).toContain(opened.at(-1)?.bytesPerToken)
    expect(batch.tokens.some((id) => id >= 2 ** 16)).toBe(true)
  })

  test('read ahead fail for whom asks for them, and for nobody else', async () => {
    const failing: Storage = {
      ...storage,
      read(name, range) {
        if (name === 'code0.ds') throw new StorageError(name, 'an answer', 'none')
        return storage.read(name, range)
      },
    }
    const mix = await mixed(failing, WEB_AND_CODE)
    expect([mix.at(0).source, mix.at(1).source]).toEqual([0, 1])
    // An error that nobody took would fail the run of these tests.
    for await (const batch of mixtureBatches(mix, { batchSize: 1 }).from(0)) {
      expect(batch.places.length).toBe(1)
      await new Promise((resolve) => setTimeout(resolve, 5))
      break
    }
    const both = mixtureBatches(mix, { batchSize: 1 }).from(0)[Symbol.asyncIterator]()
    await both.next()
    await expect(both.next()).rejects.toThrow('code0.ds: expected an answer, got none.')
  })

  test('are refused for options outside their ranges, and beyond the run', async () => {
    const mix = await mixed(folder, WEB_AND_CODE)
    expect(() => mixtureBatches(mix, { batchSize: 0 })).toThrow(
      'mixtureBatches: expected a whole batchSize from 1, got 0.',
    )
    expect(() => mixtureBatches(mix, { batchSize: 1, rank: 2, ranks: 2 })).toThrow(
      'mixtureBatches: expected a rank from 0 to 1, got 2.',
    )
    const batches = mixtureBatches(mix, { batchSize: 100 })
    expect(() => batches.at(2)).toThrow(
      'mixtureBatches: expected a step from 0, below 2, got 2. The run ends there; a larger budget goes on.',
    )
    await expect(batches.read(-1)).rejects.toThrow('got -1.')
    expect(() => mixtureBatches(mix, { batchSize: 1000 }).at(0)).toThrow(
      'mixtureBatches: expected a step from 0, below 0, got 0. The budget fills no step.',
    )
    const waiting = await mixed(storage, WEB_AND_CODE)
    expect(() => mixtureBatches(waiting, { batchSize: 1 }).at(0)).toThrow('Open the shard of a folder, or use window.')
    const others = await mixed(storage, [['wide'], ['other']])
    expect(() => mixtureBatches(others, { batchSize: 1 })).toThrow(
      'mixtureBatches: expected shards of one tokenizer, got "one" in memory:/wide.ds and "two" in memory:/other.ds. Tokenise all sources alike.',
    )
  })
})
