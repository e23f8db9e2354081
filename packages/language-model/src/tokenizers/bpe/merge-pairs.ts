import { AbortError } from '@almanac/tensor-core'
import { ALPHABET, BYTE_CHARACTERS } from './byte-characters.js'
import { pairHeap } from './pair-heap.js'
import { pairTable } from './pair-table.js'

/** Merges between two looks at the clock and the signal. */
const BETWEEN_PAUSES = 32

export interface MergeOptions {
  /** Tokens to make at most. */
  readonly tokens: number
  /** Pairs that occur less often are not merged. */
  readonly minFrequency: number
  readonly onTokens?: (done: number) => void
  readonly signal?: AbortSignal | undefined
}

/** A vocabulary that grew from bytes. */
export interface Merged {
  /** Pairs in the order in which they were joined. */
  readonly merges: [left: number, right: number][]
  /** Each token as the characters of its bytes; the first 256 are the bytes. */
  readonly tokens: string[]
}

/** The words as runs of token ids in one array; a word only gets shorter. */
interface Words {
  readonly ids: Int32Array
  readonly starts: Int32Array
  readonly lengths: Int32Array
  readonly counts: Float64Array
}

/**
 * Byte-pair encoding: joins the most frequent pair of neighbouring tokens, again and again, into the next new token, or
 * into an older one of the same bytes. Of equally frequent pairs the one with the lower left id comes first, then that with the lower right id. Pair
 * counts follow each merge in the words that hold the pair, found by an index, and a heap gives the next pair.
 * Sennrich, Haddow and Birch 2016, arXiv 1508.07909, section 3.2. Rejects with AbortError.
 */
export async function mergePairs(wordCounts: ReadonlyMap<string, number>, options: MergeOptions): Promise<Merged> {
  const words = wordsOf(wordCounts)
  const { ids, starts, lengths, counts } = words
  const table = pairTable()
  const heap = pairHeap(table)
  for (let word = 0; word < starts.length; word++) {
    const [start, length] = [starts[word] as number, lengths[word] as number]
    for (let i = start; i + 1 < start + length; i++) {
      const pair = table.numberOf(ids[i] as number, ids[i + 1] as number)
      table.add(pair, counts[word] as number)
      table.seenIn(pair, word)
    }
  }
  for (let pair = 0; pair < table.size; pair++) heap.push(pair)

  const merges: [number, number][] = []
  const merged = new Set<number>()
  const tokens = ALPHABET.map((byte) => BYTE_CHARACTERS[byte] as string)
  const idOf = new Map(tokens.map((text, id) => [text, id]))
  const touched = new Set<number>()
  for (let turn = 1; tokens.length < ALPHABET.length + options.tokens; turn++) {
    const top = heap.pop()
    if (!top || top.count < options.minFrequency) break
    if (top.count !== table.count(top.pair)) {
      if (table.count(top.pair) > 0) heap.push(top.pair)
      continue
    }
    const [left, right] = [table.left(top.pair), table.right(top.pair)]
    const text = (tokens[left] as string) + (tokens[right] as string)
    const joint = idOf.get(text) ?? tokens.push(text) - 1
    idOf.set(text, joint)
    // Neighbours that were joined before can meet again beside a token that was made in two ways.
    if (!merged.has(top.pair)) merges.push([left, right])
    merged.add(top.pair)
    const list = table.words(top.pair)
    table.forget(top.pair)
    for (const word of list) {
      const start = starts[word] as number
      const count = counts[word] as number
      const length = lengths[word] as number
      if (!holds(ids, start, length, left, right)) continue
      for (let i = start; i + 1 < start + length; i++) {
        table.add(table.numberOf(ids[i] as number, ids[i + 1] as number), -count)
      }
      let to = start
      for (let i = start; i < start + length; i++) {
        const both = ids[i] === left && i + 1 < start + length && ids[i + 1] === right
        ids[to++] = both ? joint : (ids[i] as number)
        if (both) i++
      }
      lengths[word] = to - start
      for (let i = start; i + 1 < to; i++) {
        const pair = table.numberOf(ids[i] as number, ids[i + 1] as number)
        table.add(pair, count)
        // Pairs without the joint token were here before.
        if (ids[i] !== joint && ids[i + 1] !== joint) continue
        table.seenIn(pair, word)
        touched.add(pair)
      }
    }
    for (const pair of touched) heap.push(pair)
    touched.clear()
    if (turn % BETWEEN_PAUSES === 0) {
      options.onTokens?.(tokens.length - ALPHABET.length)
      await new Promise<void>((resolve) => setTimeout(resolve))
      if (options.signal?.aborted) throw new AbortError('trainBpe')
    }
  }
  return { merges, tokens }
}

function wordsOf(wordCounts: ReadonlyMap<string, number>): Words {
  const idOfByte = new Uint8Array(256)
  ALPHABET.forEach((byte, id) => {
    idOfByte[byte] = id
  })
  const encoder = new TextEncoder()
  const starts = new Int32Array(wordCounts.size)
  const lengths = new Int32Array(wordCounts.size)
  const counts = new Float64Array(wordCounts.size)
  let ids = new Int32Array(2 ** 16)
  let end = 0
  let word = 0
  for (const [text, count] of wordCounts) {
    const bytes = encoder.encode(text)
    if (end + bytes.length > ids.length) {
      const wider = new Int32Array(2 * (end + bytes.length))
      wider.set(ids)
      ids = wider
    }
    starts[word] = end
    lengths[word] = bytes.length
    counts[word++] = count
    for (const byte of bytes) ids[end++] = idOfByte[byte] as number
  }
  return { ids, starts, lengths, counts }
}

function holds(ids: Int32Array, start: number, length: number, left: number, right: number): boolean {
  for (let i = start; i + 1 < start + length; i++) if (ids[i] === left && ids[i + 1] === right) return true
  return false
}
