import type { WordIds } from './word-ids.js'
import type { WordTokens } from './word-tokens.js'

/** Characters that repeated n-grams take. */
export interface NGramRepetition {
  /** For n = 2, 3, 4: the length of the most frequent n-gram, its words joined by a space, times how often it occurs; null where there is none. */
  readonly top: readonly (number | null)[]
  /** For n = 5 ... 10: the lengths of n-grams, their words joined, that have occurred before, none of which overlap. */
  readonly repeated: readonly number[]
}

const TOP = [2, 3, 4] as const
const REPEATED = [5, 6, 7, 8, 9, 10] as const

/**
 * Makes a function that finds repeated n-grams as Gopher counts them (Rae et al. 2021, arXiv 2112.11446, table A1) and datatrove
 * does (`find_top_duplicate`, `find_all_duplicate`): of equally frequent ones the first, and a repeated one is stepped over whole.
 * n-grams are compared word by word, where datatrove compares joined text, in which "ab c" and "a bc" are the same.
 *
 * An n-gram can only have occurred before if the two (n - 1)-grams in it have, so that each n only looks at what is left of the
 * last one: in most texts little.
 */
export function nGramCounter(): (tokens: WordTokens, ids: WordIds) => NGramRepetition {
  let room = 0
  /** Of the n-gram at a place its number, or -1 where it occurs once; the same for n + 1. */
  let [grams, next] = [new Int32Array(0), new Int32Array(0)]
  /** By an n-gram's number. */
  let [counts, firsts, seen] = [new Int32Array(0), new Int32Array(0), new Int32Array(0)]
  /** Code points in the words before one. */
  let lengths = new Int32Array(0)
  /** Places whose n-gram occurs again. */
  let again = new Int32Array(0)
  let slots = new Int32Array(0)

  return ({ text, count, starts, ends }, { ids, distinct }) => {
    if (room < count) {
      room = 2 * count
      const made = (): Int32Array<ArrayBuffer> => new Int32Array(room + 1)
      ;[grams, next, counts, firsts, seen, lengths, again] = [made(), made(), made(), made(), made(), made(), made()]
    }
    const astral = text.length > 0 && /[\ud800-\udbff]/.test(text)
    for (let i = 0; i < count; i++) {
      const length = astral ? [...text.slice(starts[i], ends[i])].length : (ends[i] as number) - (starts[i] as number)
      lengths[i + 1] = (lengths[i] as number) + length
    }
    for (let i = 0; i < count; i++) grams[i] = ids[i] as number
    counts.fill(0, 0, distinct)
    for (let i = 0; i < count; i++) counts[ids[i] as number] = (counts[ids[i] as number] as number) + 1
    let active = 0
    for (let i = 0; i < count; i++) {
      if ((counts[grams[i] as number] as number) > 1) again[active++] = i
      else grams[i] = -1
    }

    const top: (number | null)[] = []
    const repeated: number[] = []
    for (let n = 2; n <= 10; n++) {
      const places = count - n + 1
      let size = 16
      while (size < 2 * active) size *= 2
      if (slots.length < size) slots = new Int32Array(size)
      else slots.fill(0, 0, size)
      const mask = size - 1
      let numbers = 0
      for (let at = 0; at < active; at++) {
        const i = again[at] as number
        const left = grams[i] as number
        const right = i < places ? (grams[i + 1] as number) : -1
        if (right < 0) {
          next[i] = -1
          continue
        }
        let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
        hash ^= hash >>> 15
        let slot = Math.imul(hash, 0x2c1b3c6d) & mask
        for (;;) {
          const number = (slots[slot] as number) - 1
          if (number < 0) {
            slots[slot] = numbers + 1
            firsts[numbers] = i
            counts[numbers] = 1
            next[i] = numbers++
            break
          }
          const first = firsts[number] as number
          // Two (n - 1)-grams that overlap make the n-gram.
          if (grams[first] === left && grams[first + 1] === right) {
            counts[number] = (counts[number] as number) + 1
            next[i] = number
            break
          }
          slot = (slot + 1) & mask
        }
      }
      if (n <= 4) top.push(places < 1 ? null : topLength(n, numbers))
      else repeated.push(repeatedLength(n, active, numbers))
      let kept = 0
      for (let at = 0; at < active; at++) {
        const i = again[at] as number
        const number = next[i] as number
        if (number >= 0 && (counts[number] as number) > 1) {
          grams[i] = number
          again[kept++] = i
        } else grams[i] = -1
      }
      active = kept
    }
    return { top, repeated }

    function topLength(n: number, numbers: number): number {
      let [most, at] = [1, 0]
      // In the order of their first places: of equally frequent ones the first stays.
      for (let number = 0; number < numbers; number++) {
        if ((counts[number] as number) > most) [most, at] = [counts[number] as number, firsts[number] as number]
      }
      return ((lengths[at + n] as number) - (lengths[at] as number) + n - 1) * most
    }

    function repeatedLength(n: number, active: number, numbers: number): number {
      seen.fill(0, 0, numbers)
      let [sum, until] = [0, 0]
      for (let at = 0; at < active; at++) {
        const i = again[at] as number
        const number = next[i] as number
        if (i < until || number < 0) continue
        if (seen[number]) {
          sum += (lengths[i + n] as number) - (lengths[i] as number)
          until = i + n
        } else seen[number] = 1
      }
      return sum
    }
  }
}

export const TOP_N = TOP
export const REPEATED_N = REPEATED
