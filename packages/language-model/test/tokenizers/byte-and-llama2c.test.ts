import { readFileSync } from 'node:fs'
import { seededRandom, sharedData } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { byteTokenizer, CheckpointError, readLlama2c, readLlama2cTokenizer, TokenizerError } from '../../src/index.js'

describe('byteTokenizer', () => {
  test('gives back any text', () => {
    const tokenizer = byteTokenizer()
    for (const text of ['', 'plain', 'naïve café', '汉字', '👩‍👩‍👧', '\u0000\n\t', '\ufeffmark']) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
    }
  })

  test('a stream never gives half a character', () => {
    const tokenizer = byteTokenizer()
    const text = 'a汉👩‍👧é'
    const stream = tokenizer.stream()
    let joined = ''
    for (const id of tokenizer.encode(text)) {
      const piece = stream.push(id)
      expect(piece).not.toContain('\ufffd')
      joined += piece
      expect(text.startsWith(joined)).toBe(true)
    }
    expect(joined + stream.end()).toBe(text)
  })

  test('broken UTF-8 becomes U+FFFD, never an error', () => {
    const tokenizer = byteTokenizer()
    expect(tokenizer.decode([0x61, 0xff, 0x62])).toBe('a\ufffdb')
    const stream = tokenizer.stream()
    expect(stream.push(0xe6)).toBe('')
    expect(stream.end()).toBe('\ufffd')
    const random = seededRandom(3)
    for (let i = 0; i < 200; i++)
      tokenizer.decode(Array.from(random.normals(20), (x) => Math.abs(Math.round(x * 100)) % 256))
  })

  test('ids that are no bytes are refused', () => {
    expect(() => byteTokenizer().decode([256])).toThrow('byteTokenizer.decode: expected ids from 0 to 255, got 256.')
  })
})

const file = sharedData('tok512.bin')

describe('llama2.c tokenizer', () => {
  test('encodes the golden text and decodes it again', (context) => {
    if (!file) return context.skip('needs ../shared/data/tok512.bin')
    const tokenizer = readLlama2cTokenizer(readFileSync(file))
    const ids = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338]
    const text = tokenizer.decode(ids)
    expect(text).toBe('Once upon a time, there was a little girl named Lily. She')
    expect(tokenizer.encode(text)).toEqual(ids)
    expect(tokenizer.decode(tokenizer.encode('a 汉字 and 👩 too'))).toBe('a 汉字 and 👩 too')
    expect(tokenizer.encode('')).toEqual([1])
  })

  test('every truncation is a TokenizerError', (context) => {
    if (!file) return context.skip('needs ../shared/data/tok512.bin')
    const bytes = readFileSync(file)
    for (const length of [0, 3, 4, 7, 11, 15, 100, bytes.length - 1]) {
      expect(() => readLlama2cTokenizer(bytes.subarray(0, length), 'tok.bin')).toThrow(TokenizerError)
    }
    const negative = Uint8Array.from(bytes)
    new DataView(negative.buffer).setInt32(8, -5, true)
    expect(() => readLlama2cTokenizer(negative, 'tok.bin')).toThrow(
      'tok.bin: expected whole pieces (score, length, bytes), got the end of the file inside piece 0 at byte 4. The file is truncated or no tok.bin.',
    )
  })
})

describe('llama2.c checkpoints', () => {
  test('files that are none are refused, saying why', () => {
    expect(() => readLlama2c(new Uint8Array(5), 'x.bin')).toThrow(
      'x.bin: expected a header of 28 bytes, got a file of 5 bytes. The file is truncated.',
    )
    expect(() => readLlama2c(new Uint8Array(100), 'x.bin')).toThrow(CheckpointError)
    const header = Int32Array.of(64, 172, 5, 8, 4, 512, 2 ** 30)
    expect(() => readLlama2c(new Uint8Array(header.buffer), 'x.bin')).toThrow('The file is no llama2.c v0 checkpoint.')
    const truncated = Int32Array.of(8, 16, 1, 2, 1, 32, 16)
    expect(() => readLlama2c(new Uint8Array(truncated.buffer), 'x.bin')).toThrow(
      /x\.bin: expected \d+ bytes for these sizes, got 28\. The file is truncated\./,
    )
  })
})
