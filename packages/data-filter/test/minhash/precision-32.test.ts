import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Document } from '../../src/document.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  chooseRemovals,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  type MinhashConfig,
  openMinhasher,
  signDocuments,
} from '../../src/minhash/index.js'
import { bytesOf, collect, editedCopies, onSpaces, shardsOf } from './data-sets.js'

const golden = JSON.parse(readFileSync(new URL('goldens/signatures-32-bit.json', import.meta.url), 'utf8'))
const CONFIG: MinhashConfig = { ...FINEWEB_MINHASH, precision: 32, tokenizer: 'spaces' }

describe('hashes of 32 bits', () => {
  test.each(['sha1', 'xxhash32'] as const)('of %s are those of the definition in numpy', async (hash) => {
    const minhasher = await openMinhasher({ ...CONFIG, hash }, onSpaces)
    const hashes = [...minhasher.shingleHashes(golden.text)]
    expect(hashes.filter((_, i) => i % 2 === 0)).toEqual(golden[hash].shingles)
    expect(hashes.filter((_, i) => i % 2 === 1 && hashes[i] !== 0)).toEqual([])
    expect([...(minhasher.signature(golden.text) as Uint32Array)]).toEqual(golden[hash].signature)
  })

  test('have records of 36 bytes, ascending, in datatrove’s layout', async () => {
    const minhasher = await openMinhasher(CONFIG, onSpaces)
    const all = editedCopies(300, 3)
    const signatures = memoryStorage()
    await signDocuments({ minhasher, documents: all, rank: 0, worldSize: 1, inputs: [], signatures })
    const long = all.flatMap(({ text }, i) => {
      const signature = minhasher.signature(text)
      return signature ? [[...signature.slice(8, 16), i]] : []
    })
    long.sort((a, b) => {
      for (let k = 0; k < 9; k++) if (a[k] !== b[k]) return (a[k] as number) - (b[k] as number)
      return 0
    })
    const bytes = await bytesOf(signatures, 'bucket_001/00000.minhash.sig')
    expect(bytes).toHaveLength(36 * long.length)
    expect([...new Uint32Array(bytes.buffer)]).toEqual(long.flat())
  })

  test('find the duplicates that 64 bits find, in any number of parts', async () => {
    const all = editedCopies(200, 5)
    const results: string[][] = []
    for (const [precision, worldSize, parts] of [
      [64, 1, 1],
      [32, 1, 1],
      [32, 4, 3],
    ] as const) {
      const minhasher = await openMinhasher({ ...CONFIG, precision }, onSpaces)
      const [signatures, pairs, removals] = [memoryStorage('s'), memoryStorage('p'), memoryStorage('r')]
      const shards = shardsOf(all, worldSize)
      for (const [rank, documents] of shards.entries())
        await signDocuments({ minhasher, documents, rank, worldSize, inputs: [], signatures })
      for (let bucket = 0; bucket < 14; bucket++)
        for (let part = 0; part < parts; part++) await findPairs({ signatures, pairs, bucket, part, parts })
      await chooseRemovals({ signatures, pairs, removals })
      const left: Document[] = []
      for (const [rank, documents] of shards.entries())
        left.push(...(await collect(dropDuplicates({ documents, rank, inputs: [], signatures, removals, minhasher }))))
      results.push(left.map(({ id }) => id))
    }
    expect(results[0]!.length).toBeLessThan(170)
    expect(results[1]).toEqual(results[2])
    // The minima are of other numbers, so which pairs are found differs by chance.
    expect(Math.abs(results[1]!.length - results[0]!.length)).toBeLessThan(10)
  })

  test.each([
    [{ hash: 'xxhash64' }, 'minhash: hash: expected sha1 or xxhash32, got "xxhash64".'],
    [{ precision: 16 }, 'minhash: precision: expected 32 or 64, got 16.'],
    [{ precision: 64, hash: 'xxhash32' }, 'minhash: hash: expected sha1 or xxhash64, got "xxhash32".'],
  ])('refuse %o', async (change, message) => {
    await expect(openMinhasher({ ...CONFIG, ...change } as MinhashConfig, onSpaces)).rejects.toThrow(message)
  })
})
