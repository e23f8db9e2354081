import type { FastTextArguments } from './fasttext-arguments.js'
import type { FastTextDictionary } from './fasttext-dictionary.js'
import { HASH_START, hashByte, hashBytes } from './fasttext-hash.js'
import { wordCache } from './fasttext-word-cache.js'
import { wordNgramBuckets } from './fasttext-word-ngrams.js'

/** Finds the rows of a text's features and gives each to `visit`, as often as it occurs. */
export type FastTextFeatures = (text: string, visit: (row: number) => void) => void

const [OPENS, CLOSES] = [0x3c, 0x3e]
const END = new TextEncoder().encode('</s>')
const LABEL = new TextEncoder().encode('__label__')
/** Buffers up to this size are kept from text to text. */
const KEPT = 2 ** 20

/** A byte that continues a character. */
const continues = (byte: number): boolean => (byte & 0xc0) === 0x80
/** Words end at a space, \t, \n, \v, \f, \r or a zero. */
const separates = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13) || byte === 0
const beginsWith = (bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean =>
  end - start >= prefix.length && prefix.every((byte, i) => bytes[start + i] === byte)

/**
 * What fastText takes a line for: its words, their n-grams of characters between `<` and `>`, n-grams of words, and the word
 * `</s>` at its end. Lines are joined, as datatrove does. No string is made: n-grams are hashed where they lie in the text's
 * UTF-8.
 */
export function fastTextFeatures(
  { minn, maxn, bucket, wordNgrams }: FastTextArguments,
  dictionary: FastTextDictionary,
): FastTextFeatures {
  const { words } = dictionary
  const encoder = new TextEncoder()
  const endHash = hashBytes(END, 0, END.length)
  const endWord = dictionary.find(endHash, END, 0, END.length)
  const cache = wordCache()
  let kept = new Uint8Array(4096)
  const bufferOf = (size: number): Uint8Array => {
    if (size <= kept.length) return kept
    const larger = new Uint8Array(size)
    if (size <= KEPT) kept = larger
    return larger
  }

  /** The n-grams of what lies from `start` to `end`, the word between its two marks. */
  function ngrams(bytes: Uint8Array, start: number, end: number, visit: (row: number) => void): void {
    for (let i = start; i < end; i++) {
      if (continues(bytes[i] as number)) continue
      let [hash, j] = [HASH_START, i]
      for (let n = 1; n <= maxn && j < end; n++) {
        do hash = hashByte(hash, bytes[j++] as number)
        while (j < end && continues(bytes[j] as number))
        // A mark alone is no n-gram.
        if (n < minn || (n === 1 && (i === start || j === end))) continue
        const row = dictionary.ngram((hash >>> 0) % bucket)
        if (row >= 0) visit(words + row)
      }
    }
  }

  return (text, visit) => {
    const bytes = bufferOf(3 * text.length + 2)
    const length = 1 + encoder.encodeInto(text, bytes.subarray(1)).written
    const hashes: number[] = []
    let ended = false
    const noteAndVisit = (row: number): void => {
      cache.note(row)
      visit(row)
    }
    for (let at = 1; at < length; ) {
      if (separates(bytes[at] as number)) {
        at++
        continue
      }
      let [hash, end] = [HASH_START, at]
      while (end < length && !separates(bytes[end] as number)) hash = hashByte(hash, bytes[end++] as number)
      if (cache.recall(hash, bytes, at, end, visit)) {
        if (wordNgrams > 1) hashes.push(hash)
        at = end + 1
        continue
      }
      const word = dictionary.find(hash, bytes, at, end)
      const isLabel = word < 0 ? beginsWith(bytes, at, end, LABEL) : word >= words
      if (!isLabel) {
        if (wordNgrams > 1) hashes.push(hash)
        ended = end - at === END.length && beginsWith(bytes, at, end, END)
        if (ended) {
          if (word >= 0) visit(word)
          break
        }
        cache.begin(hash, bytes, at, end)
        if (word >= 0) noteAndVisit(word)
        if (maxn > 0) {
          // The marks take the places of what separates the word; that before it has been read, and that behind it is none.
          bytes[at - 1] = OPENS
          bytes[end] = CLOSES
          ngrams(bytes, at - 1, end + 1, noteAndVisit)
        }
      }
      at = end + 1
    }
    if (!ended) {
      if (endWord >= 0 && endWord < words) visit(endWord)
      if (wordNgrams > 1) hashes.push(endHash)
    }
    wordNgramBuckets(hashes, wordNgrams, bucket, (hashed) => {
      const row = dictionary.ngram(hashed)
      if (row >= 0) visit(words + row)
    })
  }
}
