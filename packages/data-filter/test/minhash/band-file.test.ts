import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { littleEndianBytes } from '../../src/manifest/little-endian.js'
import { memoryStorage } from '../../src/memory-storage.js'
import { bandCollector, bandFileName, findPairs, readPairs } from '../../src/minhash/index.js'
import { pairFileName } from '../../src/minhash/pair-manifest.js'
import { compareRecords, sortRecords } from '../../src/minhash/record-sort.js'
import { removalFileName } from '../../src/minhash/removal-manifest.js'

/** The bytes of a record of two hashes, written out. */
const record = (first: bigint, second: bigint, document: number): number[] => {
  const bytes: number[] = []
  for (const value of [first, second]) for (let i = 0n; i < 8n; i++) bytes.push(Number((value >> (8n * i)) & 255n))
  for (let i = 0; i < 4; i++) bytes.push((document >>> (8 * i)) & 255)
  return bytes
}
const words = (...values: bigint[]) =>
  Uint32Array.from(values.flatMap((v) => [Number(v & 0xffffffffn), Number(v >> 32n)]))

describe('a band file', () => {
  test('has its records’ bytes in order of the hashes as whole numbers, then of the documents', () => {
    const collector = bandCollector({ buckets: 2, hashesPerBucket: 2 })
    const a = 0x1122334455667788n
    const b = 0x11223344ff000000n
    collector.add(0, words(b, 1n, 7n, 7n))
    collector.add(1, words(a, 2n ** 32n, 7n, 7n))
    collector.add(258, words(a, 5n, 6n, 8n))
    collector.add(70_000, words(a, 5n, 6n, 7n))
    expect([...littleEndianBytes(collector.records(0))]).toEqual([
      ...[0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 5, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0],
      ...record(a, 5n, 70_000),
      ...record(a, 2n ** 32n, 1),
      ...record(b, 1n, 0),
    ])
    expect([...littleEndianBytes(collector.records(1))]).toEqual(
      [record(6n, 7n, 70_000), record(6n, 8n, 258), record(7n, 7n, 0), record(7n, 7n, 1)].flat(),
    )
  })

  test('of the usual eight hashes has 68 bytes a record, and no record is lost as it grows', () => {
    const collector = bandCollector({ buckets: 1, hashesPerBucket: 8 })
    for (let document = 0; document < 1000; document++) {
      collector.add(
        document,
        Uint32Array.from({ length: 16 }, (_, i) => (i === 0 ? 1000 - document : 0)),
      )
    }
    const bytes = littleEndianBytes(collector.records(0))
    expect(bytes).toHaveLength(68_000)
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    for (let i = 0; i < 1000; i++) expect(view.getUint32(68 * i + 64, true)).toBe(999 - i)
  })

  test('has datatrove’s names', () => {
    expect(bandFileName(3, 12)).toBe('bucket_003/00012.minhash.sig')
    expect(pairFileName(3, 1)).toBe('00003_01.dups')
    expect(removalFileName(12, 'remove')).toBe('000012.remove')
  })
})

describe('sortRecords', () => {
  test.each([0, 1, 100, 4095, 20_000])('sorts %i records, many with equal hashes', (count) => {
    const random = seededRandom(count)
    const shape = { stride: 5, hashes: 2, precision: 64 } as const
    const small = () => random.integer(2 ** 32)
    const records = Uint32Array.from({ length: 5 * count }, (_, i) =>
      i % 5 < 2 && random.next() < 0.5 ? i % 3 : small() >>> random.integer(32),
    )
    const sorted = sortRecords(records, shape)
    const text = (list: Uint32Array, i: number) => list.subarray(5 * i, 5 * i + 5).join()
    for (let i = 1; i < count; i++) {
      if (compareRecords(sorted, 5 * (i - 1), sorted, 5 * i, shape) > 0) expect.fail(`record ${i}`)
    }
    const all = (list: Uint32Array) => Array.from({ length: count }, (_, i) => text(list, i)).sort()
    expect(all(sorted)).toEqual(all(records))
  })
})

describe('readPairs', () => {
  test('joins pieces, and refuses a cut pair', async () => {
    const storage = memoryStorage()
    const bytes = new Uint8Array(Uint32Array.from({ length: 40_000 }, (_, i) => i).buffer)
    await storage.write('a.dups', [bytes])
    const read: number[] = []
    const cut = {
      ...storage,
      read: async function* (name: string) {
        for await (const piece of storage.read(name))
          for (let at = 0; at < piece.length; at += 999) yield piece.subarray(at, at + 999)
      },
    }
    for await (const piece of readPairs(cut, 'a.dups')) read.push(...piece)
    expect(read).toEqual(Array.from({ length: 40_000 }, (_, i) => i))
    await storage.write('b.dups', [bytes.subarray(0, 23)])
    await expect(async () => {
      for await (const _ of readPairs(storage, 'b.dups'));
    }).rejects.toThrow('memory:/b.dups: expected pairs of 16 bytes, got 7 bytes behind the last.')
  })

  test('findPairs without stage 1 says what is missing', async () => {
    const empty = memoryStorage('s3://bucket')
    await expect(findPairs({ signatures: empty, pairs: empty, bucket: 0 })).rejects.toThrow(
      's3://bucket/00000.manifest.json: expected a manifest, got no such file. Run the stage before this one to its end.',
    )
  })
})
