import { spawnSync } from 'node:child_process'
import { seededRandom } from '@almanac/test-kit'
import { Tokenizer as HuggingFace } from '@huggingface/tokenizers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type BpeProgress,
  type BpeVocabulary,
  bpeTokenizerJson,
  LLAMA3_PATTERN,
  loadTokenizer,
  type Tokenizer,
  TokenizerError,
  toByteCharacters,
  trainBpe,
  wholeWords,
} from '../../src/index.js'
import { brokenBytes, code, english, mixed } from './corpora.js'
import { naiveBpe } from './naive-bpe.js'

const CORPORA: [string, () => string][] = [
  ['English', () => english(150_000)],
  ['source code', () => code(100_000)],
  ['many scripts', () => mixed(60_000, 1)],
]
const BOS = '<|begin_of_text|>'
const EOS = '<|end_of_text|>'
const byteText = (word: string) => [...toByteCharacters(new TextEncoder().encode(word))]

describe.each(CORPORA)('BPE trained on %s', (_, make) => {
  it('equals a naive reference merge for merge', async () => {
    const text = make()
    const vocabulary = await trainBpe([text], { vocabSize: 256 + 250 })
    const naive = naiveBpe(text, 250, vocabulary.tokens.slice(0, 256), byteText)
    const { tokens } = vocabulary
    expect(vocabulary.merges.map(([l, r]) => [tokens[l], tokens[r]])).toEqual(naive.merges)
    expect(tokens).toEqual(naive.tokens)
    expect(tokens).toHaveLength(506)
  })

  it('does not depend on how the text comes in pieces', async () => {
    const text = make()
    const whole = await trainBpe([text], { vocabSize: 400 })
    const random = seededRandom(5)
    const pieces = function* () {
      for (let at = 0; at < text.length; ) {
        const length = 1 + random.integer(300)
        yield text.slice(at, at + length)
        at += length
      }
    }
    const split = await trainBpe(wholeWords(pieces()), { vocabSize: 400 })
    expect(split).toEqual(whole)
    let joined = ''
    for await (const piece of wholeWords(pieces())) joined += piece
    expect(joined).toBe(text)
  })
})

it('is the same wherever a token can be made in two ways, and stops where nothing comes twice', async () => {
  // a b c in words that merge from both ends: "abc" arises from ab + c and from a + bc.
  const text = 'abab abab bcbc bcbc bcbc abc abc xabc abcabc aaaa aaaaa aaa '.repeat(3)
  const vocabulary = await trainBpe([text], { vocabSize: 400 })
  const naive = naiveBpe(text, 144, vocabulary.tokens.slice(0, 256), byteText)
  expect(vocabulary.tokens).toEqual(naive.tokens)
  expect(new Set(vocabulary.tokens).size).toBe(vocabulary.tokens.length)
  expect(vocabulary.size).toBeLessThan(400)
})

it('tells how far it is, in both phases, and stops on request', async () => {
  const text = english(3_000_000)
  const events: BpeProgress[] = []
  await trainBpe([text], { vocabSize: 1000, characters: text.length, onProgress: (event) => events.push(event) })
  expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(['counting', 'merging']))
  for (const { done, total, etaSeconds } of events) {
    expect(done).toBeLessThanOrEqual(total as number)
    expect(etaSeconds).toBeGreaterThanOrEqual(0)
  }
  const controller = new AbortController()
  const stopped = trainBpe([text], {
    vocabSize: 1000,
    signal: controller.signal,
    onProgress: ({ phase }) => phase === 'merging' && controller.abort(),
  })
  await expect(stopped).rejects.toThrow('trainBpe: aborted')
})

describe('a trained tokenizer', () => {
  let vocabulary: BpeVocabulary
  let json: ReturnType<typeof bpeTokenizerJson>
  let tokenizer: Tokenizer
  let library: HuggingFace
  const config = { bos_token: BOS, eos_token: EOS }
  beforeAll(async () => {
    vocabulary = await trainBpe([english(400_000), code(100_000), mixed(50_000, 2)], {
      vocabSize: 1200,
      specialTokens: [BOS, EOS],
    })
    json = JSON.parse(JSON.stringify(bpeTokenizerJson(vocabulary, { bos: BOS })))
    tokenizer = loadTokenizer(json, config)
    library = new HuggingFace(json, config)
  })
  const texts = () => [english(60_000), code(60_000), mixed(60_000, 3), '', ' ', '\n \n', "it's WE'LL", `a ${EOS} b`]

  it('splits text as its pattern does', () => {
    for (const text of texts()) {
      const words = [...text.matchAll(new RegExp(LLAMA3_PATTERN.source, 'gu'))].map(([word]) => byteText(word).join(''))
      expect(text === '' ? [] : (library.pre_tokenizer as (text: string) => string[])(text)).toEqual(words)
    }
  })

  it('gives the ids of @huggingface/tokenizers, special tokens read as such on request', () => {
    for (const text of texts()) {
      const expected = text === '' ? [] : library.encode(text, { add_special_tokens: false }).ids
      expect(tokenizer.encode(text, { bos: false, specials: true })).toEqual(expected)
      if (!text.includes(EOS)) expect(tokenizer.encode(text, { bos: false })).toEqual(expected)
    }
    expect(tokenizer.encode('so')).toEqual(library.encode('so').ids)
    expect(tokenizer.encode(`a${EOS}`, { specials: true }).at(-1)).toBe(tokenizer.eosId)
    expect(tokenizer.encode(`a${EOS}`)).not.toContain(tokenizer.eosId)
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.vocabularySize]).toEqual([1198, 1199, 1200])
  })

  it('gives the same ids in a fresh process', () => {
    const text = mixed(20_000, 4) + english(20_000)
    const program = `
      import { Tokenizer } from '@huggingface/tokenizers'
      let input = ''
      for await (const part of process.stdin.setEncoding('utf8')) input += part
      const { json, config, text } = JSON.parse(input)
      console.log(JSON.stringify(new Tokenizer(json, config).encode(text).ids))`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      input: JSON.stringify({ json, config, text }),
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 2 ** 28,
    })
    expect(child.stderr).toBe('')
    expect(JSON.parse(child.stdout)).toEqual(tokenizer.encode(text))
  })

  it('gives back 5 MB of any bytes', () => {
    const parts = [english(2_400_000), code(1_200_000), mixed(500_000, 5), english(300_000) + mixed(200_000, 6)]
    let total = 0
    parts.forEach((text, i) => {
      const bytes = i < 3 ? new TextEncoder().encode(text) : brokenBytes(text, 7)
      total += bytes.length
      const back = tokenizer.decodeBytes(tokenizer.encodeBytes(bytes))
      expect(Buffer.compare(back, bytes)).toBe(0)
      if (i < 3) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
    })
    expect(total).toBeGreaterThan(5_000_000)
    const noise = Uint8Array.from(
      { length: 20_000 },
      (() => {
        const random = seededRandom(8)
        return () => random.integer(256)
      })(),
    )
    expect(Buffer.compare(tokenizer.decodeBytes(tokenizer.encodeBytes(noise)), noise)).toBe(0)
  })

  it('streams text that is never half a character', () => {
    for (const text of [mixed(5000, 9), `👩‍👩‍👧 汉字 ${english(500)}`]) {
      const stream = tokenizer.stream()
      let joined = ''
      for (const id of tokenizer.encode(text)) {
        const piece = stream.push(id)
        expect(piece.includes('\ufffd')).toBe(false)
        joined += piece
        expect(text.startsWith(joined)).toBe(true)
      }
      expect(joined + stream.end()).toBe(text)
    }
    const [first] = tokenizer.encode('汉', { bos: false })
    const stream = tokenizer.stream()
    expect(stream.push(first as number) + stream.end()).toBe(tokenizer.decode([first as number]))
    expect(() => tokenizer.decode([1200])).toThrow('tokenizer.decode: expected ids from 0 to 1199, got 1200.')
  })
})

describe('what is refused', () => {
  it('a vocabulary that has no room', async () => {
    await expect(trainBpe(['a'], { vocabSize: 256, specialTokens: [EOS] })).rejects.toThrow(
      'trainBpe: expected a vocabSize of at least 257, bytes and special tokens, got 256.',
    )
    await expect(trainBpe(['a'], { vocabSize: 300, specialTokens: [EOS, EOS] })).rejects.toThrow(
      `trainBpe: expected different special tokens, got '${EOS}'.`,
    )
    expect((await trainBpe([], { vocabSize: 300 })).size).toBe(256)
  })

  it('a bos that is none of the special tokens', async () => {
    const vocabulary = await trainBpe(['a'], { vocabSize: 300, specialTokens: [EOS] })
    expect(() => bpeTokenizerJson(vocabulary, { bos: BOS })).toThrow(
      `bpeTokenizerJson: expected a bos among the special tokens (${EOS}), got ${BOS}.`,
    )
  })

  const hint = 'The file is damaged or no Hugging Face tokenizer.json; tok.bin files go to readLlama2cTokenizer.'
  const model = { type: 'BPE', vocab: { a: 0 }, merges: [] }
  it.each([
    [[], 'a JSON object, got [].'],
    [{ model: { type: 'Unigram' } }, 'a model of type "BPE", got "Unigram".'],
    [{ model: { ...model, vocab: {} } }, 'a vocab of tokens and ids, got {}.'],
    [{ model: { ...model, vocab: { a: -1 } } }, 'whole ids in the vocab, got {"a":-1}.'],
    [{ model: { ...model, merges: undefined } }, 'a list of merges, got none.'],
    [{ model: { ...model, merges: [['a']] } }, 'merges of two tokens, got ["a"].'],
    [{ model, added_tokens: [{ id: 'x' }] }, 'added_tokens with ids and contents, got [{"id":"x"}].'],
  ])('%j', (json, text) => {
    expect(() => loadTokenizer(json)).toThrow(TokenizerError)
    expect(() => loadTokenizer(json)).toThrow(`tokenizer.json: expected ${text} ${hint}`)
  })

  it('a vocabulary of characters, not bytes', () => {
    expect(() => loadTokenizer({ model: { ...model, vocab: { '▁a': 0 } } })).toThrow(
      'tokenizer.json: expected tokens of byte characters, got "▁a". Only byte-level BPE is read here (ByteLevel pre-tokenizer and decoder).',
    )
  })
})
