import type { WordTokens } from './word-tokens.js'

/** Numbers for words: equal words have equal ones, in the order of their first appearance in a text. */
export interface WordIds {
  readonly ids: Int32Array
  /** Different words. */
  readonly distinct: number
}

/** Slots of the table that are kept from text to text; a larger one is made for a text that needs it, and dropped. */
const KEPT = 1 << 16

/** Makes a function that numbers the words of a text. Its result is valid until it is called again. */
export function wordNumberer(): (tokens: WordTokens) => WordIds {
  let ids = new Int32Array(1024)
  let firsts = new Int32Array(1024)
  let keptSlots = new Int32Array(1 << 12)
  return ({ text, count, starts, ends }) => {
    if (ids.length < count) {
      ids = new Int32Array(2 * count)
      firsts = new Int32Array(2 * count)
    }
    let size = 1 << 12
    while (size < 2 * count) size *= 2
    let slots = keptSlots
    if (slots.length < size) {
      slots = new Int32Array(size)
      if (size <= KEPT) keptSlots = slots
    } else slots.fill(0, 0, size)
    const mask = size - 1
    let distinct = 0
    for (let token = 0; token < count; token++) {
      const [start, end] = [starts[token] as number, ends[token] as number]
      let hash = end - start
      for (let i = start; i < end; i++) hash = Math.imul(hash, 0x01000193) ^ text.charCodeAt(i)
      hash ^= hash >>> 15
      let slot = Math.imul(hash, 0x2c1b3c6d) & mask
      for (;;) {
        const id = (slots[slot] as number) - 1
        if (id < 0) {
          slots[slot] = ++distinct
          firsts[distinct - 1] = token
          ids[token] = distinct - 1
          break
        }
        const other = firsts[id] as number
        const from = starts[other] as number
        let same = (ends[other] as number) - from === end - start
        for (let i = 0; same && i < end - start; i++) same = text.charCodeAt(from + i) === text.charCodeAt(start + i)
        if (same) {
          ids[token] = id
          break
        }
        slot = (slot + 1) & mask
      }
    }
    return { ids, distinct }
  }
}
