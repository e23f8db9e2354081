import { FormatError } from '../data-filter-error.js'
import { littleEndianWords } from '../manifest/little-endian.js'
import type { PositionedFile } from './positioned-file.js'
import type { BytesWanted } from './wanted-bytes.js'

/** Ends of a block, 4 KiB: the last of each is kept in memory, the others are read when asked for. */
const BLOCK = 512
/** Blocks read at once while the index is checked. */
const AT_ONCE = 256

export interface DocumentIndex {
  readonly count: number
  /** Begin and end of a document, in tokens. */
  range(document: number): BytesWanted<[number, number]>
  /** 0, and where documents begin among the tokens from `start` up to and without `end`, relative to `start`. Empty documents have no begin. */
  starts(start: number, end: number): BytesWanted<Int32Array>
}

/** Reads an index through and checks it: u64 little-endian, the end of each document in tokens, ascending to `tokens`. Throws FormatError. */
export async function documentIndex(file: PositionedFile, tokens: number): Promise<DocumentIndex> {
  const { where } = file
  const hint = 'Write the shard again.'
  if (file.bytes % 8 !== 0) throw new FormatError(where, 'ends of 8 bytes', `${file.bytes} bytes`, hint)
  const count = file.bytes / 8
  const lastEnds = new Float64Array(Math.ceil(count / BLOCK))
  let previous = 0
  for (let first = 0; first < count; first += BLOCK * AT_ONCE) {
    const ends = endsOf(await file.read(first * 8, Math.min(first + BLOCK * AT_ONCE, count) * 8))
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i] as number
      if (end < previous || end > tokens) {
        const expected = `ends that ascend and are at most ${tokens}, the tokens of the shard`
        throw new FormatError(where, expected, `${end} behind ${previous} at document ${first + i}`, hint)
      }
      previous = end
      lastEnds[Math.floor((first + i) / BLOCK)] = end
    }
  }
  if (previous !== tokens)
    throw new FormatError(where, `a last end of ${tokens}, the tokens of the shard`, `${previous}`, hint)

  function* block(index: number): BytesWanted<Float64Array> {
    return endsOf(yield { file, start: index * BLOCK * 8, end: Math.min((index + 1) * BLOCK, count) * 8 })
  }
  return {
    count,
    *range(document) {
      const ends = yield* block(Math.floor(document / BLOCK))
      const at = document % BLOCK
      const before = document === 0 ? 0 : at > 0 ? ends[at - 1] : lastEnds[document / BLOCK - 1]
      return [before as number, ends[at] as number]
    },
    *starts(start, end) {
      const starts = [0]
      // A document begins where one ends: the ends above `start` and below `end`.
      for (let b = firstAbove(lastEnds, start); b < lastEnds.length; b++) {
        const ends = yield* block(b)
        for (let i = firstAbove(ends, start); i < ends.length; i++) {
          const place = (ends[i] as number) - start
          if (start + place >= end) return Int32Array.from(starts)
          if (place !== starts[starts.length - 1]) starts.push(place)
        }
      }
      return Int32Array.from(starts)
    },
  }
}

/** Ends above 2^53 lose digits, which leaves them above any shard's tokens. */
function endsOf(bytes: Uint8Array): Float64Array {
  const words = littleEndianWords(bytes)
  const ends = new Float64Array(words.length / 2)
  for (let i = 0; i < ends.length; i++) ends[i] = (words[2 * i + 1] as number) * 2 ** 32 + (words[2 * i] as number)
  return ends
}

/** Index of the first of ascending values that is above, by bisection. */
function firstAbove(values: Float64Array, bound: number): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((values[middle] as number) > bound) high = middle
    else low = middle + 1
  }
  return low
}
