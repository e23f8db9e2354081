import { FormatError, OptionError } from '../data-filter-error.js'
import { checksumOf } from '../manifest/checksum.js'
import { littleEndianBytes, littleEndianWords } from '../manifest/little-endian.js'
import { type Normalisation, simplifyText } from '../minhash/simplify-text.js'
import { nGramHasher } from './decontamination-hashes.js'

/** Questions that a model is tested with. */
export interface Benchmark {
  readonly name: string
  /** Texts as a whole. */
  readonly texts?: Iterable<string>
  readonly questionsAndAnswers?: Iterable<{
    readonly question: string
    /** The right ones. */
    readonly answers: readonly string[]
  }>
}

/** What a document's n-grams are compared with. */
export interface BenchmarkIndex {
  /** Words an n-gram. */
  readonly ngram: number
  readonly normalisation: Normalisation
  readonly benchmarks: readonly IndexedBenchmark[]
  /** Three words a row, ascending: the low and the high word of an n-gram's hash, and which benchmark has it. */
  readonly rows: Uint32Array
}

export interface IndexedBenchmark {
  readonly name: string
  /** Different n-grams. */
  readonly ngrams: number
  /** Texts, or questions with an answer each, that gave n-grams, and those that gave none since they are too short. */
  readonly texts: number
  readonly tooShort: number
}

export interface BenchmarkIndexOptions {
  readonly benchmarks: readonly Benchmark[]
  /** Words an n-gram; 13 if left out, as Brown et al. 2020 have it; datatrove's is 12. */
  readonly ngram?: number
  /** N-grams of the questions alone; false if left out, as datatrove has it: questions are often common text. */
  readonly questions?: boolean
  /** N-grams that begin in a question and end in its answer; true if left out. */
  readonly overlaps?: boolean
  readonly normalisation?: Normalisation
}

/** Words as they are compared: of the simplified text, between spaces. */
export const comparedWords = (text: string, normalisation: Normalisation): string[] => {
  const simple = simplifyText(text, normalisation)
  return simple === '' ? [] : simple.split(' ')
}

/**
 * Gathers the n-grams of benchmarks: of texts, of answers, and across the end of a question and its answer. Throws OptionError.
 * Source: Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C, https://arxiv.org/abs/2005.14165; which n-grams of a question
 * and its answer, datatrove 0.10, src/datatrove/pipeline/decont/n_grams.py.
 */
export function buildBenchmarkIndex(options: BenchmarkIndexOptions): BenchmarkIndex {
  const { benchmarks, ngram = 13, questions = false, overlaps = true, normalisation = 'datatrove-0.10' } = options
  if (!(Number.isInteger(ngram) && ngram >= 1 && ngram <= 1000)) {
    throw new OptionError('buildBenchmarkIndex: ngram', 'a whole number from 1 to 1000', `${ngram}`)
  }
  const names = benchmarks.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new OptionError('buildBenchmarkIndex: benchmarks', 'each name once', `"${twice}" twice`)
  }
  const hasher = nGramHasher(ngram)
  const rows: [low: number, high: number, benchmark: number][] = []
  const indexed = benchmarks.map((benchmark, number): IndexedBenchmark => {
    const own = new Set<string>()
    let [texts, tooShort] = [0, 0]
    const take = (words: readonly string[]): boolean => {
      hasher.each(words, (low, high) => {
        const key = `${low},${high}`
        if (own.has(key)) return
        own.add(key)
        rows.push([low, high, number])
      })
      return words.length >= ngram
    }
    const count = (gave: boolean) => {
      if (gave) texts++
      else tooShort++
    }
    for (const text of benchmark.texts ?? []) count(take(comparedWords(text, normalisation)))
    for (const { question, answers } of benchmark.questionsAndAnswers ?? []) {
      const before = comparedWords(question, normalisation)
      for (const answer of answers) {
        const words = comparedWords(answer, normalisation)
        let gave = take(words)
        if (questions) gave = take(before) || gave
        // The last n - 1 words of the question and the first n - 1 of the answer: all n-grams of both.
        if (overlaps && ngram > 1) gave = take([...before.slice(1 - ngram), ...words.slice(0, ngram - 1)]) || gave
        count(gave)
      }
    }
    return { name: benchmark.name, ngrams: own.size, texts, tooShort }
  })
  rows.sort(([lowA, highA, a], [lowB, highB, b]) => highA - highB || lowA - lowB || a - b)
  return { ngram, normalisation, benchmarks: indexed, rows: Uint32Array.from(rows.flat()) }
}

const KIND = 'almanac.benchmark-index'
const MAGIC = 'ALMBENCH'
const HEAD = 12

/**
 * The index as a file: `ALMBENCH`, the length of the header, 32 bits, the header in JSON, spaces up to a multiple of four bytes, and the
 * rows. Little-endian. The header has a checksum of all that comes with it.
 */
export async function saveBenchmarkIndex({ rows, ...rest }: BenchmarkIndex): Promise<Uint8Array> {
  const encoder = new TextEncoder()
  const own = { kind: KIND, version: 1, ...rest, rows: rows.length / 3 }
  const checksum = await sumOf(own, rows)
  const json = encoder.encode(JSON.stringify({ ...own, checksum }))
  const padded = Math.ceil(json.length / 4) * 4
  const bytes = new Uint8Array(HEAD + padded + rows.byteLength).fill(0x20, HEAD, HEAD + padded)
  bytes.set(encoder.encode(MAGIC))
  new DataView(bytes.buffer).setUint32(8, padded, true)
  bytes.set(json, HEAD)
  bytes.set(littleEndianBytes(rows), HEAD + padded)
  return bytes
}

const sumOf = async (head: object, rows: Uint32Array): Promise<string> =>
  checksumOf(`${JSON.stringify(head)}\n${await checksumOf(littleEndianBytes(rows))}`)

/** Reads what `saveBenchmarkIndex` wrote. Throws FormatError, with `where` as the file's name. */
export async function openBenchmarkIndex(bytes: Uint8Array, where = 'openBenchmarkIndex'): Promise<BenchmarkIndex> {
  const decoder = new TextDecoder()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = decoder.decode(bytes.subarray(0, 8))
  if (magic !== MAGIC || bytes.length < HEAD) {
    throw new FormatError(where, `a file that begins with ${MAGIC}`, `${bytes.length} bytes of something else`)
  }
  const length = view.getUint32(8, true)
  let head: (Omit<BenchmarkIndex, 'rows'> & { kind: string; version: number; rows: number; checksum: string }) | null =
    null
  try {
    head = JSON.parse(decoder.decode(bytes.subarray(HEAD, HEAD + length)))
  } catch {
    // The error below says what is wrong.
  }
  if (head?.kind !== KIND || head.version !== 1) {
    throw new FormatError(where, `a header of kind ${KIND}, version 1`, head ? `${head.kind}, ${head.version}` : 'none')
  }
  const rows = littleEndianWords(bytes.slice(HEAD + length))
  const { checksum, ...own } = head
  const found = await sumOf(own, rows)
  if (rows.length !== 3 * head.rows || found !== checksum) {
    const expected = `${head.rows} n-grams of the checksum ${checksum}`
    throw new FormatError(where, expected, `${rows.length / 3} of ${found}`, 'Build the index again.')
  }
  const { ngram, normalisation, benchmarks } = head
  return { ngram, normalisation, benchmarks, rows }
}
