/** Remembers the rows of words that came before: most words of a text did. */
export interface WordCache {
  /** Gives the rows of a word, in the order they were noted in; false where it is not remembered. */
  recall(hash: number, bytes: Uint8Array, start: number, end: number, visit: (row: number) => void): boolean
  /** Begins a word, in the place of another. */
  begin(hash: number, bytes: Uint8Array, start: number, end: number): void
  /** A row of the word begun last. */
  note(row: number): void
}

/** Longer words, and words of more rows, are not remembered: 3 MB in all. */
const [PLACES, BYTES, ROWS] = [2 ** 13, 24, 64] as const
const NOTHING = -1

/** Each hash has one place, so that nothing is searched for. */
export function wordCache(): WordCache {
  const hashes = new Int32Array(PLACES)
  const lengths = new Int32Array(PLACES).fill(NOTHING)
  const letters = new Uint8Array(PLACES * BYTES)
  const counts = new Int32Array(PLACES)
  const rows = new Int32Array(PLACES * ROWS)
  let noted = NOTHING
  return {
    recall(hash, bytes, start, end, visit) {
      const place = hash & (PLACES - 1)
      const length = end - start
      if (hashes[place] !== hash || lengths[place] !== length) return false
      for (let i = 0, at = place * BYTES; i < length; i++) if (letters[at + i] !== bytes[start + i]) return false
      const from = place * ROWS
      for (let i = from; i < from + (counts[place] as number); i++) visit(rows[i] as number)
      return true
    },
    begin(hash, bytes, start, end) {
      noted = NOTHING
      if (end - start > BYTES) return
      noted = hash & (PLACES - 1)
      hashes[noted] = hash
      lengths[noted] = end - start
      for (let i = start, at = noted * BYTES; i < end; i++, at++) letters[at] = bytes[i] as number
      counts[noted] = 0
    },
    note(row) {
      if (noted === NOTHING) return
      const count = counts[noted] as number
      if (count < ROWS) {
        rows[noted * ROWS + count] = row
        counts[noted] = count + 1
        return
      }
      lengths[noted] = NOTHING
      noted = NOTHING
    },
  }
}
