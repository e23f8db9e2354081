import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@almanac/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFile } from '../../src/manifest/checked-file.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  bytesPerTokenOf,
  checkTokenIds,
  openTokenShard,
  tokenShardEncoder,
  tokenShardFiles,
  writeTokenSegments,
  writeTokenShard,
} from '../../src/mixture/index.js'
import { parseTokenShardMetadata, tokenShardMetadataText } from '../../src/mixture/token-shard-files.js'
import type { Storage } from '../../src/storage.js'
import { madeUpDocuments } from './made-up-documents.js'
import { bytesOf, TOKEN_SHARD_BYTES } from './token-shard-bytes.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-shards-'))
})
afterAll(() => rm(folder, { recursive: true }))

const FILES = tokenShardFiles('a')

/** A shard's files in memory, and as a folder's. */
async function toFolder(storage: Storage, name: string): Promise<void> {
  for (const { name: file } of await storage.list(name))
    await writeFile(join(folder, file), await readFile(storage, file))
}
async function shardOf(files: { tokens: Uint8Array; index: Uint8Array; metadata?: string }): Promise<Storage> {
  const storage = memoryStorage()
  await storage.write(FILES.tokens, [files.tokens])
  await storage.write(FILES.index, [files.index])
  if (files.metadata !== undefined) await storage.write(FILES.metadata, [new TextEncoder().encode(files.metadata)])
  return storage
}
const golden = (size: 2 | 4, changed: { tokens?: string; index?: string; metadata?: string } = {}) =>
  shardOf({
    tokens: bytesOf(changed.tokens ?? TOKEN_SHARD_BYTES[size].tokens),
    index: bytesOf(changed.index ?? TOKEN_SHARD_BYTES.index),
    metadata: changed.metadata ?? TOKEN_SHARD_BYTES[size].metadata,
  })
const ends = (...values: bigint[]) => new Uint8Array(BigUint64Array.from(values).buffer)

describe('a shard of datatrove', () => {
  test('is written byte by byte', async () => {
    const storage = memoryStorage()
    const documents = [[5, 6, 7, 50256], [65535, 0], [], [9]].map((ids, n) => ({
      id: `${n}`,
      text: JSON.stringify(ids),
      metadata: {},
    }))
    const written = await writeTokenShard(storage, 'a', documents, ({ text }) => JSON.parse(text), {
      bytesPerToken: 2,
      tokenizer: 'gpt2',
    })
    expect(written).toEqual({ tokenizer: 'gpt2', bytesPerToken: 2, tokens: 7, documents: 4 })
    expect(await readFile(storage, FILES.tokens)).toEqual(bytesOf(TOKEN_SHARD_BYTES[2].tokens))
    expect(await readFile(storage, FILES.index)).toEqual(bytesOf(TOKEN_SHARD_BYTES.index))
    expect(new TextDecoder().decode(await readFile(storage, FILES.metadata))).toBe(TOKEN_SHARD_BYTES[2].metadata)
  })

  test.each([2, 4] as const)('of %i bytes a token is read', async (size) => {
    const storage = await golden(size)
    await toFolder(storage, 'a')
    for (const place of [storage, folder]) {
      const shard = await openTokenShard(place, 'a')
      expect(shard).toMatchObject({ bytesPerToken: size, tokens: 7, documents: 4, immediate: place === folder })
      expect(shard.tokenizer).toBe(size === 2 ? 'gpt2' : 'Unknown Tokenizer|4')
      const all = await shard.window(0, 7)
      expect([...all.tokens]).toEqual([5, 6, 7, 50256, size === 2 ? 65535 : 100351, 0, 9])
      expect(all.tokens).toBeInstanceOf(size === 2 ? Uint16Array : Uint32Array)
      expect([...all.starts]).toEqual([0, 4, 6])
      expect([...(await shard.document(2))]).toEqual([])
      expect([...(await shard.document(3))]).toEqual([9])
      await shard.close()
    }
  })

  test('says its size for people as humanize does', () => {
    const people = (tokens: number) =>
      tokenShardMetadataText({ tokenizer: 't', bytesPerToken: 2, tokens }).split('\n')[2]
    // Of humanize 4's metric.
    expect([0, 1, 20, 999, 1000, 12345, 999999, 1e6, 9999999, 123456789, 5e11].map(people)).toEqual([
      '0.00 T',
      '1.00 T',
      '20.0 T',
      '999 T',
      '1.00 kT',
      '12.3 kT',
      '1.00 MT',
      '1.00 MT',
      '10.00 MT',
      '123 MT',
      '500 GT',
    ])
  })
})

describe('an encoder', () => {
  test('puts the end token behind each document, and begins anew', () => {
    const encoder = tokenShardEncoder({ bytesPerToken: 2, endToken: 0 })
    encoder.add([1, 2])
    encoder.add([])
    expect(encoder.bytes).toBe(8)
    const first = encoder.finish()
    expect([[...new Uint16Array(first.tokens.buffer)], [...first.ends]]).toEqual([
      [1, 2, 0, 0],
      [3, 4],
    ])
    encoder.add(new Uint16Array(3000).fill(7))
    const second = encoder.finish()
    expect([second.tokens.length, [...second.ends]]).toEqual([6002, [3001]])
    expect(encoder.finish().ends.length).toBe(0)
  })

  test('refuses ids that do not fit, and adds nothing of their document', () => {
    const encoder = tokenShardEncoder({ bytesPerToken: 2 })
    encoder.add([1])
    expect(() => encoder.add([3, 65536])).toThrow(
      'tokenShardEncoder: expected token ids from 0 to 65535, got 65536 at 1 of document 1. Larger vocabularies need bytesPerToken: 4.',
    )
    expect(() => encoder.add([1.5])).toThrow('got 1.5 at 0 of document 1')
    expect([...encoder.finish().ends]).toEqual([1])
    expect(() => tokenShardEncoder({ bytesPerToken: 4 }).add([-1])).toThrow(
      'tokenShardEncoder: expected token ids from 0 to 4294967295, got -1 at 0 of document 0.',
    )
    expect(() => tokenShardEncoder({ bytesPerToken: 2, endToken: 70000 })).toThrow('got the end token 70000.')
    expect(() => tokenShardEncoder({ bytesPerToken: 3 as 2 })).toThrow(
      'tokenShardEncoder: expected bytesPerToken 2 or 4, got 3.',
    )
  })

  test('makes segments that, laid end to end, are the shard of all documents', async () => {
    const { ids, documents, encode } = madeUpDocuments(4, 50, 30)
    const storage = memoryStorage()
    await writeTokenShard(storage, 'whole', documents, encode, { bytesPerToken: 4, endToken: 3 })
    const encoder = tokenShardEncoder({ bytesPerToken: 4, endToken: 3 })
    const segments = [0, 20, 20, 50].map((end, n, all) => {
      for (const one of ids.slice(all[n - 1] ?? 0, end)) encoder.add(one)
      return encoder.finish()
    })
    await writeTokenSegments(storage, 'parts', segments, { bytesPerToken: 4 })
    for (const kind of ['tokens', 'index', 'metadata'] as const) {
      const [whole, parts] = [tokenShardFiles('whole')[kind], tokenShardFiles('parts')[kind]]
      expect(await readFile(storage, parts)).toEqual(await readFile(storage, whole))
    }
  })

  test('has the size of a token from the vocabulary, as datatrove', () => {
    expect([50257, 65536, 65537, 100352].map(bytesPerTokenOf)).toEqual([2, 2, 4, 4])
  })
})

describe('reading at places', () => {
  // More documents than an index block has, and more tokens than a cached block.
  const { ids, documents, encode } = madeUpDocuments(7, 2000, 300)
  const all = ids.flat()
  const begins = new Set<number>()
  let end = 0
  for (const one of ids) {
    if (one.length > 0) begins.add(end)
    end += one.length
  }
  const expected = (start: number, stop: number) => ({
    tokens: all.slice(start, stop),
    starts: [
      0,
      ...Array.from({ length: Math.max(0, stop - start - 1) }, (_, i) => i + 1).filter((i) => begins.has(start + i)),
    ],
  })
  const storage = memoryStorage()
  beforeAll(async () => {
    await writeTokenShard(storage, 'b', documents, encode, { bytesPerToken: 2 })
    await toFolder(storage, 'b')
  })

  test('gives the same from a folder at once, from a folder waiting, and from a storage with one block kept', async () => {
    const [here, there] = [await openTokenShard(folder, 'b'), await openTokenShard(storage, 'b', { cacheBytes: 1 })]
    const random = seededRandom(1)
    for (let n = 0; n < 300; n++) {
      const start = Math.floor(random.next() * all.length)
      const stop = n === 0 ? start : Math.min(all.length, start + Math.floor(random.next() ** 4 * 150_000))
      const want = expected(start, stop)
      for (const got of [
        here.windowNow(start, stop),
        await here.window(start, stop),
        await there.window(start, stop),
      ]) {
        expect([...got.starts]).toEqual(want.starts)
        expect(
          Buffer.compare(
            Buffer.from(Uint16Array.from(got.tokens).buffer),
            Buffer.from(Uint16Array.from(want.tokens).buffer),
          ),
        ).toBe(0)
      }
    }
    for (const n of [0, 1, 511, 512, 513, 1023, 1024, 1999])
      expect([...(await there.document(n)), ...(await here.document(n))]).toEqual([
        ...(ids[n] as number[]),
        ...(ids[n] as number[]),
      ])
    await Promise.all([here.close(), there.close()])
  })

  test('goes through a shard window by window', async () => {
    const shard = await openTokenShard(folder, 'b')
    const lengths: number[] = []
    const read: number[] = []
    for await (const { tokens } of shard.windows(5, 70_001)) {
      lengths.push(tokens.length)
      for (const id of tokens) read.push(id)
    }
    expect(lengths.slice(0, -1).every((length) => length === 70_001)).toBe(true)
    expect(read.length).toBe(all.length - 5)
    expect(read.every((id, i) => id === all[i + 5])).toBe(true)
    await shard.close()
  })

  test('asks a storage for a block once while it is kept, and for no more than blocks', async () => {
    const asked: string[] = []
    const counting: Storage = {
      ...storage,
      read(name, range) {
        asked.push(`${name} ${range?.start} ${range?.end}`)
        return storage.read(name, range)
      },
    }
    const shard = await openTokenShard(counting, 'b')
    asked.length = 0
    await Promise.all([shard.window(10, 20), shard.window(131_000, 131_100), shard.window(131_060, 131_070)])
    await shard.window(40, 90)
    expect(asked).toEqual(['b.ds 0 262144', `b.ds 262144 ${Math.min(524288, 2 * all.length)}`])
  })

  test('refuses places outside, and to be at once where a storage has to be waited for', async () => {
    const shard = await openTokenShard(storage, 'b')
    await expect(shard.window(3, all.length + 1)).rejects.toThrow(
      `memory:/b.ds: window: expected tokens between 0 and ${all.length}, got 3 to ${all.length + 1}.`,
    )
    await expect(shard.window(5, 4)).rejects.toThrow('got 5 to 4.')
    await expect(shard.document(2000)).rejects.toThrow(
      'memory:/b.ds: document: expected a document from 0 to 1999, got 2000.',
    )
    await expect(shard.windows(0, 0)[Symbol.asyncIterator]().next()).rejects.toThrow(
      'expected a whole length from 1, got 0',
    )
    expect(() => shard.windowNow(0, 1)).toThrow(
      'memory:/b.ds: windowNow: expected files of this machine, got a storage that has to be waited for. Open the shard of a folder, or use window.',
    )
  })

  test('refuses more tokens at once than starts can count', async () => {
    const huge: Storage = {
      ...storage,
      size: async (name) => (name === 'h.ds' ? 2 ** 33 : name === 'h.ds.index' ? 8 : null),
      async *read() {
        yield ends(2n ** 32n)
      },
    }
    const shard = await openTokenShard(huge, 'h', { bytesPerToken: 2 })
    await expect(shard.window(0, 2 ** 31)).rejects.toThrow(
      'memory:/h.ds: window: expected at most 2147483647 tokens, got 2147483648. Go through them with windows.',
    )
  })

  test('says when a file has become shorter since it was opened', async () => {
    await toFolder(storage, 'b')
    const shard = await openTokenShard(folder, 'b')
    await truncate(join(folder, 'b.ds'), 100)
    const text = `b.ds: expected ${2 * all.length} bytes, as when it was opened, got 100. Open it again.`
    expect(() => shard.windowNow(40, 60)).toThrow(text)
    await expect(shard.window(40, 60)).rejects.toThrow(text)
    await shard.close()
    let gone = false
    const losing: Storage = {
      ...storage,
      read: (name, range) => storage.read(name, gone ? { start: range?.start ?? 0, end: range?.start ?? 0 } : range),
    }
    const lost = await openTokenShard(losing, 'b')
    gone = true
    await expect(lost.window(40, 60)).rejects.toThrow(
      `memory:/b.ds: expected ${2 * all.length} bytes, as when it was opened, got 0. Open it again.`,
    )
    gone = false
    expect([...(await lost.window(40, 60)).tokens]).toEqual(all.slice(40, 60))
  })
})

describe('a shard that is none', () => {
  const refusal = async (storage: Storage, options = {}) =>
    openTokenShard(storage, 'a', options).then(
      () => 'opened',
      (error) => `${error.name} ${error.message}`,
    )

  test('is told by what does not fit', async () => {
    expect(await refusal(await golden(2, { tokens: '0500060007' }))).toBe(
      'FormatError memory:/a.ds: expected whole tokens of 2 bytes, got 5 bytes. Write it again.',
    )
    expect(await refusal(await golden(2, { tokens: '05000600' }))).toBe(
      'FormatError memory:/a.ds: expected 7 tokens, as its metadata has it, got 2. Write it again.',
    )
    expect(await refusal(await golden(2, { index: '04000000' }))).toBe(
      'FormatError memory:/a.ds.index: expected ends of 8 bytes, got 4 bytes. Write the shard again.',
    )
    const { tokens, metadata } = TOKEN_SHARD_BYTES[2]
    const withIndex = (...values: bigint[]) => shardOf({ tokens: bytesOf(tokens), index: ends(...values), metadata })
    const ascending =
      'FormatError memory:/a.ds.index: expected ends that ascend and are at most 7, the tokens of the shard, got'
    expect(await refusal(await withIndex(4n, 3n, 7n))).toBe(
      `${ascending} 3 behind 4 at document 1. Write the shard again.`,
    )
    expect(await refusal(await withIndex(4n, 2n ** 53n, 7n))).toBe(
      `${ascending} 9007199254740992 behind 4 at document 1. Write the shard again.`,
    )
    expect(await refusal(await withIndex(4n, 6n))).toBe(
      'FormatError memory:/a.ds.index: expected a last end of 7, the tokens of the shard, got 6. Write the shard again.',
    )
    expect(await refusal(await withIndex())).toContain('expected a last end of 7, the tokens of the shard, got 0.')
  })

  test('is told by its metadata, which may be missing', async () => {
    const { tokens } = TOKEN_SHARD_BYTES[2]
    const bare = await shardOf({ tokens: bytesOf(tokens), index: bytesOf(TOKEN_SHARD_BYTES.index) })
    expect(await refusal(bare)).toBe(
      'OptionError openTokenShard: expected bytesPerToken, or a.ds.metadata, got neither. Say how many bytes a token has: bytesPerToken.',
    )
    expect((await openTokenShard(bare, 'a', { bytesPerToken: 2 })).tokenizer).toBeNull()
    expect(await refusal(await golden(2), { bytesPerToken: 4 })).toBe(
      'FormatError memory:/a.ds: expected 4 bytes a token, got 2, as its metadata has it.',
    )
    expect(() => parseTokenShardMetadata('m', 'gpt2\n7')).toThrow(
      'm: expected a first line "tokenizer|2" or "tokenizer|4", got "gpt2".',
    )
    expect(() => parseTokenShardMetadata('m', 'gpt2|2\nmany')).toThrow(
      'm: expected a second line with the number of tokens, got "many".',
    )
    expect(parseTokenShardMetadata('m', 'a|b|4\r\n12')).toEqual({ tokenizer: 'a|b', bytesPerToken: 4, tokens: 12 })
  })

  test('is a missing file', async () => {
    expect(await refusal(memoryStorage())).toBe(
      'StorageError memory:/a.ds: expected a file, got none of this name. See what list gives.',
    )
    await expect(openTokenShard(folder, 'none')).rejects.toThrow(
      `${folder}/none.ds: expected a readable file, got none of this name.`,
    )
  })

  test('has ids beyond the vocabulary', async () => {
    const shard = await openTokenShard(await golden(4), 'a')
    await checkTokenIds(shard, 100352)
    await expect(checkTokenIds(shard, 50257)).rejects.toThrow(
      'memory:/a.ds: expected ids below 50257, got 100351 at token 4. Another tokenizer wrote it, or it is damaged.',
    )
  })
})
