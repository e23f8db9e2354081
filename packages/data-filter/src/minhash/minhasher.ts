import xxhash from 'xxhash-wasm'
import { hashModule } from './hash-module.js'
import { checkMinhashConfig, type MinhashConfig } from './minhash-config.js'
import { minhashParameters } from './minhash-parameters.js'
import type { Signer } from './signer.js'
import { simplifyText } from './simplify-text.js'

/** Takes the words out of a text. */
export type Tokenize = (text: string) => readonly string[]

/** 64-bit values are pairs of 32-bit words, the low one first. */
export interface Minhasher extends Signer {
  readonly config: MinhashConfig
  /**
   * The minima of the hash functions over the text's shingles, bucket after bucket, or null where the text has fewer words than a
   * shingle: such a document is never a duplicate.  [2 buckets hashesPerBucket], of 32 bits [buckets hashesPerBucket]
   */
  signature(text: string): Uint32Array | null
  /** The same of words that are there already, simplified or not. */
  signatureOfWords(words: readonly string[]): Uint32Array | null
  /** The hash of each shingle of the text, in its order, repeated ones too; high words are 0 where hashes have 32 bits.  [2 shingles] */
  shingleHashes(text: string): Uint32Array
  /** XXH64 of the text's UTF-8: tells that a document is the one that a signature was made of.  [2] */
  contentId(text: string): Uint32Array
}

/** What the functions may read behind a text beside twice its length. */
const SLACK = 256
const PAGE = 65536

/**
 * Makes signatures with datatrove's bits (src/datatrove/pipeline/dedup/minhash.py): the text is simplified,
 * its words taken, every run of words hashed, h_k(x) = ((x a_k + b_k) mod 2^64) mod (2^61 - 1), and each minimum kept; of 32
 * bits, the minimum of the low halves.
 * A lone surrogate is hashed as U+FFFD. Throws OptionError.
 */
export async function openMinhasher(config: MinhashConfig, tokenize: Tokenize): Promise<Minhasher> {
  const {
    shingleWords,
    buckets,
    hashesPerBucket,
    seed,
    hash,
    normalisation,
    precision = 64,
  } = checkMinhashConfig(config)
  const functions = buckets * hashesPerBucket
  // The loop takes two functions at a time.
  const padded = functions + (functions % 2)
  const parameters = minhashParameters(seed, functions)
  const module = await hashModule()
  const { h32Raw } = await xxhash()
  const encoder = new TextEncoder()

  const factors = 0
  const terms = factors + 8 * padded
  const minima = terms + 8 * padded
  const text = minima + 8 * padded
  let bytes = new Uint8Array(module.memory.buffer)
  const reserve = (end: number) => {
    if (end > bytes.length) module.memory.grow(Math.ceil((end - bytes.length) / PAGE))
    if (bytes.buffer !== module.memory.buffer) bytes = new Uint8Array(module.memory.buffer)
  }
  const words32 = (address: number, length: number) => new Uint32Array(module.memory.buffer, address, length)
  reserve(text)
  words32(factors, 2 * functions).set(parameters.a)
  words32(terms, 2 * functions).set(parameters.b)

  /** Writes a text and returns its bytes of UTF-8. */
  const writeText = (value: string): number => {
    reserve(text + 3 * value.length)
    return encoder.encodeInto(value, bytes.subarray(text)).written
  }
  /** Hashes all shingles. Returns their number and the hashes' address. */
  const hashWords = (words: readonly string[]): { count: number; hashes: number } => {
    const count = Math.max(0, words.length - shingleWords + 1)
    if (count === 0) return { count, hashes: 0 }
    const length = writeText(words.join(' '))
    const starts = align(text + 3 * length + SLACK)
    // A token with a space in it makes more places than words; they are put right below, which needs room for all bytes.
    const hashes = align(starts + 4 * (length + 2))
    reserve(hashes + 8 * (count + 4))
    if (module.wordStarts(text, length, starts) !== words.length) {
      words32(starts, words.length + 1).set(placesOf(words, encoder))
    }
    if (hash === 'xxhash32') {
      const places = words32(starts, words.length + 1)
      const out = words32(hashes, 2 * count)
      for (let i = 0; i < count; i++) {
        const end = (places[i + shingleWords] as number) - 1
        out[2 * i] = h32Raw(bytes.subarray(text + (places[i] as number), text + end))
        out[2 * i + 1] = 0
      }
      return { count, hashes }
    }
    const run = hash === 'sha1' ? module.sha1 : module.xxhash
    run(text, starts, count, shingleWords, hashes)
    if (precision === 32) {
      const out = words32(hashes, 2 * count)
      for (let i = 1; i < out.length; i += 2) out[i] = 0
    }
    return { count, hashes }
  }
  const signatureOfWords = (words: readonly string[]): Uint32Array | null => {
    const { count, hashes } = hashWords(words)
    if (count === 0) return null
    const take = precision === 32 ? module.lowMinimums : module.minimums
    take(hashes, count, factors, terms, minima, padded)
    const found = words32(minima, 2 * functions)
    return precision === 64 ? found.slice() : Uint32Array.from({ length: functions }, (_, k) => found[2 * k] as number)
  }
  const wordsOf = (value: string) => tokenize(simplifyText(value, normalisation))
  return {
    config,
    signatureOfWords,
    signature: (value) => signatureOfWords(wordsOf(value)),
    shingleHashes(value) {
      const { count, hashes } = hashWords(wordsOf(value))
      return words32(hashes, 2 * count).slice()
    },
    contentId(value) {
      const length = writeText(value)
      const id = module.xxhash64(text, length)
      return Uint32Array.of(Number(id & 0xffffffffn), Number((id >> 32n) & 0xffffffffn))
    },
  }
}

const align = (address: number): number => (address + 15) & ~15

function placesOf(words: readonly string[], encoder: TextEncoder): Uint32Array {
  const places = new Uint32Array(words.length + 1)
  words.forEach((word, i) => {
    places[i + 1] = (places[i] as number) + encoder.encode(word).length + 1
  })
  return places
}
