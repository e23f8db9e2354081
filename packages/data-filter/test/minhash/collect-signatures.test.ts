import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { FormatError } from '../../src/data-filter-error.js'
import { checksumOf } from '../../src/manifest/checksum.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  collectSignatures,
  FINEWEB_MINHASH,
  openMinhasher,
  signatureRowBytes,
  signatureRows,
  signDocuments,
} from '../../src/minhash/index.js'
import { bytesOf, filesOf, onSpaces } from './data-sets.js'

const CONFIG = { ...FINEWEB_MINHASH, tokenizer: 'spaces' }
const SHARD = { rank: 1, worldSize: 3, inputs: [{ name: 'a.jsonl', bytes: 7 }] }
const documents = () => {
  const random = seededRandom(7)
  return Array.from({ length: 300 }, (_, i) => ({
    id: `${i}`,
    metadata: {},
    text: Array.from({ length: random.integer(30) }, () => `w${random.integer(50)}`).join(' '),
  }))
}

describe('signDocuments', () => {
  test('writes the bytes that it wrote before it was made of two halves', async () => {
    const signatures = memoryStorage()
    const minhasher = await openMinhasher(CONFIG, onSpaces)
    await signDocuments({ minhasher, documents: documents(), ...SHARD, signatures })
    // XXH64 of the files at 89dd3690, where rows were no step of their own.
    const golden =
      '8194b7f329db2bc7 e845d7d0870ea796 de6f0db6edfc19bb 64a98a6d7bfd6d75 397e84d50c04b277 098a817f853be854 36dac05d51a03d4f 29d1c627b1e9bd7f 9317d49f7b158914 9b41dc5c616bbfcd d546b1b718f0b1b1 31904e61c8eed2c4 a2937272698c151d 57edb7657afa820a'
    const sums: string[] = []
    for (let bucket = 0; bucket < 14; bucket++) {
      const folder = `bucket_${`${bucket}`.padStart(3, '0')}`
      sums.push(await checksumOf(await bytesOf(signatures, `${folder}/00001.minhash.sig`)))
    }
    expect(sums.join(' ')).toBe(golden)
    expect(await checksumOf(await bytesOf(signatures, '00001.contents'))).toBe('7ab365cbaa8cfeb3')
  })
})

describe('collectSignatures', () => {
  test.each([1, 911, 912, 913, 5000])('gives the same files of rows in pieces of %i bytes', async (size) => {
    const minhasher = await openMinhasher(CONFIG, onSpaces)
    const [whole, cut] = [memoryStorage(), memoryStorage()]
    await signDocuments({ minhasher, documents: documents(), ...SHARD, signatures: whole })
    const rowOf = signatureRows(minhasher)
    const rows = Uint8Array.from(documents().flatMap((document) => [...rowOf(document)]))
    expect(signatureRowBytes(CONFIG)).toBe(912)
    expect(rows).toHaveLength(912 * 300)
    const pieces = function* () {
      for (let at = 0; at < rows.length; at += size) yield rows.subarray(at, at + size)
    }
    await collectSignatures({ config: CONFIG, rows: pieces(), ...SHARD, signatures: cut })
    expect(await filesOf(cut)).toEqual(await filesOf(whole))
  })

  test('has content id, length and whether there is a signature before the hashes', async () => {
    const minhasher = await openMinhasher(CONFIG, onSpaces)
    const words = (text: string) => new Uint32Array(signatureRows(minhasher)({ id: '', text, metadata: {} }).buffer)
    const long = 'one two three four five six'
    expect([...words(long)]).toEqual([
      ...minhasher.contentId(long),
      long.length,
      1,
      ...(minhasher.signature(long) as Uint32Array),
    ])
    expect([...words('short')]).toEqual([...minhasher.contentId('short'), 5, 0, ...Array(224).fill(0)])
  })

  test('refuses cut rows, and leaves no manifest', async () => {
    const signatures = memoryStorage()
    const cut = collectSignatures({ config: CONFIG, rows: [new Uint8Array(1000)], ...SHARD, signatures })
    await expect(cut).rejects.toThrow(
      'collectSignatures: rows: expected rows of 912 bytes, got 88 bytes behind the last. Make the rows with the same configuration, and give all of their bytes.',
    )
    await expect(cut).rejects.toBeInstanceOf(FormatError)
    expect(await signatures.list('')).toEqual([])
  })
})
