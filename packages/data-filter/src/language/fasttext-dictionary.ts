import type { ByteReader } from '../byte-reader.js'
import { FormatError } from '../data-filter-error.js'
import { hashBytes } from './fasttext-hash.js'

/** The words and labels of a fastText model. */
export interface FastTextDictionary {
  readonly words: number
  readonly labels: readonly string[]
  /** How often each label was seen in training: hierarchical softmax makes its tree from them. */
  readonly labelCounts: Float64Array
  /** The number of a word; `words` and above for a label; -1 where there is none. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number
  /** The row of a hashed n-gram, behind those of the words; -1 where pruning took it away. */
  ngram(bucket: number): number
  /** Rows behind those of the words that `ngram` gives, at most. */
  readonly ngrams: number
}

const PREFIX = '__label__'
/** Name, count and kind of an entry, at least. */
const ENTRY = 10

/** Throws FormatError. */
export function readDictionary(reader: ByteReader, bucket: number, where: string): FastTextDictionary {
  const [size, words, labelCount] = [reader.int32(), reader.int32(), reader.int32()]
  reader.int64()
  const pruned = reader.int64()
  if (size < 0 || words < 0 || labelCount < 1 || size !== words + labelCount || size * ENTRY > reader.left()) {
    throw new FormatError(
      where,
      'as many entries as words and labels, one label at least',
      `${size} entries, ${words} words, ${labelCount} labels`,
      'The file is damaged.',
    )
  }
  const names: Uint8Array[] = []
  const labels: string[] = []
  const labelCounts = new Float64Array(labelCount)
  for (let i = 0; i < size; i++) {
    const name = reader.untilZero('a word')
    const [count, kind] = [reader.int64(), reader.byte()]
    if (kind !== (i < words ? 0 : 1)) {
      throw new FormatError(where, 'words before labels', `entry ${i} of kind ${kind}`, 'The file is damaged.')
    }
    names.push(name)
    if (kind === 0) continue
    const label = new TextDecoder().decode(name)
    labels.push(label.startsWith(PREFIX) ? label.slice(PREFIX.length) : label)
    labelCounts[i - words] = count
  }
  return { words, labels, labelCounts, find: findIn(names), ...readPruned(reader, pruned, bucket, where) }
}

/** A hash table of the names, with free places in half of it. */
function findIn(names: readonly Uint8Array[]): FastTextDictionary['find'] {
  const starts = new Int32Array(names.length + 1)
  names.forEach((name, i) => {
    starts[i + 1] = (starts[i] as number) + name.length
  })
  const letters = new Uint8Array(starts[names.length] as number)
  const hashes = new Int32Array(names.length)
  const table = new Int32Array(powerOfTwo(names.length)).fill(-1)
  const mask = table.length - 1
  const find: FastTextDictionary['find'] = (hash, bytes, start, end) => {
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const id = table[at] as number
      if (id < 0) return -1
      if (hashes[id] !== hash) continue
      const from = starts[id] as number
      if ((starts[id + 1] as number) - from !== end - start) continue
      let same = 0
      while (same < end - start && letters[from + same] === bytes[start + same]) same++
      if (same === end - start) return id
    }
  }
  names.forEach((name, id) => {
    letters.set(name, starts[id] as number)
    hashes[id] = hashBytes(name, 0, name.length)
    // Of two equal names the first counts.
    if (find(hashes[id], name, 0, name.length) >= 0) return
    let at = hashes[id] & mask
    while ((table[at] as number) >= 0) at = (at + 1) & mask
    table[at] = id
  })
  return find
}

/** Which n-grams a pruned model has left: pairs of a hash and its row. */
function readPruned(
  reader: ByteReader,
  count: number,
  bucket: number,
  where: string,
): Pick<FastTextDictionary, 'ngram' | 'ngrams'> {
  if (count < 0) return { ngram: (hash) => hash, ngrams: bucket }
  const pairs = reader.bytes(count * 8, 'pruned n-grams')
  const view = new DataView(pairs.buffer)
  const table = new Int32Array(2 * powerOfTwo(count)).fill(-1)
  const mask = table.length / 2 - 1
  let largest = -1
  for (let i = 0; i < count; i++) {
    const [hash, row] = [view.getInt32(8 * i, true), view.getInt32(8 * i + 4, true)]
    if (hash < 0 || row < 0) {
      throw new FormatError(where, 'n-grams and rows from 0 on', `${hash} in row ${row}`, 'The file is damaged.')
    }
    let at = scatter(hash) & mask
    while ((table[2 * at] as number) >= 0 && table[2 * at] !== hash) at = (at + 1) & mask
    table[2 * at] = hash
    table[2 * at + 1] = row
    if (row > largest) largest = row
  }
  return {
    ngrams: largest + 1,
    ngram(hash) {
      for (let at = scatter(hash) & mask; ; at = (at + 1) & mask) {
        const found = table[2 * at] as number
        if (found === hash) return table[2 * at + 1] as number
        if (found < 0) return -1
      }
    },
  }
}

const powerOfTwo = (entries: number): number => 2 ** Math.ceil(Math.log2(2 * entries + 2))

/** Buckets that are multiples of something fall into different places. */
const scatter = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> 8
