import { createHash } from 'node:crypto'
import { seededRandom } from '@almanac/test-kit'
import { beforeAll, describe, expect, test } from 'vitest'
import xxhash from 'xxhash-wasm'
import { OptionError } from '../../src/index.js'
import { hashModule } from '../../src/minhash/hash-module.js'
import { FINEWEB_MINHASH, minhashParameters, openMinhasher, shingles } from '../../src/minhash/index.js'
import { referenceSignature, sha1Hash, u64, u64s } from './bigint-minhash.js'
import golden from './goldens/minhash-parameters.json' with { type: 'json' }

const CONFIG = { ...FINEWEB_MINHASH, tokenizer: 'spaces' }
const onSpaces = (text: string) => (text === '' ? [] : text.split(' '))

describe('signature', () => {
  test('is the golden one', async () => {
    const minhasher = await openMinhasher(CONFIG, onSpaces)
    const signature = minhasher.signature(golden.words.join(' ')) as Uint32Array
    expect(u64s(signature).map(String)).toEqual(golden.signature)
    expect(u64(minhasher.shingleHashes(golden.words.join(' '))).toString()).toBe(golden.shingle0Hash)
  })

  test('equals the definition in whole numbers, for both hashes and all lengths', async () => {
    const { h64 } = await xxhash()
    const random = seededRandom(5)
    const letters = ['a', 'b', 'é', '語', '🙂', 'x', 'y', 'z']
    for (const hash of ['sha1', 'xxhash64'] as const) {
      const minhasher = await openMinhasher({ ...CONFIG, hash }, onSpaces)
      const parameters = minhashParameters(1, 112)
      for (let round = 0; round < 25; round++) {
        // Long words give shingles of several blocks, beside short ones.
        const words = Array.from({ length: 5 + random.integer(round < 10 ? 8 : 40) }, () =>
          Array.from({ length: random.integer(round % 3 === 0 ? 60 : 9) }, () => random.pick(letters)).join(''),
        )
        const hashes = shingles(words).map((text) => (hash === 'sha1' ? sha1Hash(text) : h64(text)))
        expect(u64s(minhasher.signatureOfWords(words) as Uint32Array)).toEqual(referenceSignature(hashes, parameters))
      }
    }
  })

  test('a token with a space in it counts as one word', async () => {
    const minhasher = await openMinhasher(CONFIG, (text) => text.split('|'))
    const words = ['new york', 'is', '', 'é a', 'city', 'of', 'many']
    const hashes = shingles(words).map(sha1Hash)
    expect(u64s(minhasher.signatureOfWords(words) as Uint32Array)).toEqual(
      referenceSignature(hashes, minhashParameters(1, 112)),
    )
  })

  test('needs as many words as a shingle has', async () => {
    const minhasher = await openMinhasher(CONFIG, onSpaces)
    expect(minhasher.signature('')).toBeNull()
    expect(minhasher.signature('one two three four')).toBeNull()
    expect(minhasher.shingleHashes('one two three four')).toHaveLength(0)
    expect(minhasher.signature('one two three four five')).toHaveLength(224)
  })

  test('a large text after a small one, an odd number of functions, shingles of one word', async () => {
    const minhasher = await openMinhasher({ ...CONFIG, buckets: 3, hashesPerBucket: 3, shingleWords: 1 }, onSpaces)
    const parameters = minhashParameters(1, 9)
    for (const count of [1, 2, 60_000, 3]) {
      const words = Array.from({ length: count }, (_, i) => `w${i % 50}`)
      const hashes = [...new Set(words)].map(sha1Hash)
      expect(u64s(minhasher.signatureOfWords(words) as Uint32Array)).toEqual(referenceSignature(hashes, parameters))
    }
  })

  test.each([
    [{ shingleWords: 0 }, 'minhash: shingleWords: expected a whole number from 1 to 100, got 0.'],
    [{ buckets: 1.5 }, 'minhash: buckets: expected a whole number from 1 to 999, got 1.5.'],
    [{ hashesPerBucket: 65 }, 'minhash: hashesPerBucket: expected a whole number from 1 to 64, got 65.'],
    [{ seed: -1 }, 'minhash: seed: expected a whole number from 0 to 4294967295, got -1.'],
    [{ hash: 'md5' as 'sha1' }, 'minhash: hash: expected sha1 or xxhash64, got "md5".'],
    [
      { normalisation: 'none' as 'datatrove-0.10' },
      'minhash: normalisation: expected datatrove-0.10 or fineweb-2024-05, got "none".',
    ],
    [
      { tokenizer: '' },
      'minhash: tokenizer: expected a name of the words function, got "". It is what tells later stages that the signatures are comparable.',
    ],
  ])('refuses %o', async (change, message) => {
    await expect(openMinhasher({ ...CONFIG, ...change }, onSpaces)).rejects.toBeInstanceOf(OptionError)
    await expect(openMinhasher({ ...CONFIG, ...change }, onSpaces)).rejects.toThrow(message)
  })
})

describe('the module of hash functions', () => {
  let module: Awaited<ReturnType<typeof hashModule>>
  beforeAll(async () => {
    module = await hashModule()
  })

  test('is SHA-1 and XXH64 for every length from 0 to 300', async () => {
    const { h64Raw } = await xxhash()
    const random = seededRandom(9)
    const [text, starts, out] = [1024, 16_384, 32_768]
    // Every byte of the text is part of some run; what is behind the text is not zero.
    const bytes = Uint8Array.from({ length: 8192 }, () => random.integer(256))
    new Uint8Array(module.memory.buffer, text, bytes.length).set(bytes)
    for (let length = 0; length <= 300; length++) {
      // Runs of different lengths side by side: the first is `length`, the others grow or shrink.
      const lengths = [length, 0, (3 * length) % 130, 55, 56, 64, 300 - length]
      const places = new Uint32Array(module.memory.buffer, starts, lengths.length + 1)
      lengths.forEach((size, i) => {
        places[i + 1] = (places[i] as number) + size + 1
      })
      const pieces = lengths.map((size, i) => bytes.subarray(places[i], (places[i] as number) + size))
      module.sha1(text, starts, lengths.length, 1, out)
      expect(u64s(new Uint32Array(module.memory.buffer, out, 2 * lengths.length))).toEqual(
        pieces.map((piece) => createHash('sha1').update(piece).digest().readBigUInt64LE(0)),
      )
      module.xxhash(text, starts, lengths.length, 1, out)
      expect(u64s(new Uint32Array(module.memory.buffer, out, 2 * lengths.length))).toEqual(
        pieces.map((piece) => h64Raw(piece)),
      )
    }
  })

  test('reduces what is the prime or a little more, which happens once in 2^58 times', () => {
    const PRIME = 2n ** 61n - 1n
    const [hashes, a, b, out] = [1024, 2048, 3072, 4096]
    const write = (address: number, values: readonly bigint[]) =>
      new BigUint64Array(module.memory.buffer, address, values.length).set(values)
    // With factor 1 the terms move the hash 0 onto multiples of the prime and their neighbours.
    const targets = [PRIME, PRIME - 1n, PRIME + 1n, 8n * PRIME, 8n * PRIME + 7n, 0n, 5n * PRIME - 1n, 2n ** 64n - 1n]
    write(
      a,
      targets.map(() => 1n),
    )
    write(b, targets)
    for (const xs of [[0n], [12345n, 0n, 2n ** 40n], [2n ** 64n - 1n]]) {
      write(hashes, xs)
      module.minimums(hashes, xs.length, a, b, out, targets.length)
      expect([...new BigUint64Array(module.memory.buffer, out, targets.length)]).toEqual(
        targets.map((term) => xs.map((x) => BigInt.asUintN(64, x + term) % PRIME).sort((m, h) => (h < m ? 1 : -1))[0]),
      )
    }
  })
})

describe('contentId', () => {
  test('is XXH64 of the text as it stands', async () => {
    const { h64 } = await xxhash()
    const minhasher = await openMinhasher(CONFIG, onSpaces)
    for (const text of ['', 'A', 'Straße, 語', 'long '.repeat(40_000)])
      expect(u64(minhasher.contentId(text))).toBe(h64(text))
  })
})
