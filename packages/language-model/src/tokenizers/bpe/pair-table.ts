/**
 * What is known of every pair of neighbouring tokens: its count and the words it may occur in. Open addressing over typed
 * arrays: millions of lookups a second, where a Map with numbers above 2^31 as keys would allocate for each.
 */
export interface PairTable {
  /** The pair's number, made on first sight. */
  numberOf(left: number, right: number): number
  readonly size: number
  left(pair: number): number
  right(pair: number): number
  count(pair: number): number
  add(pair: number, amount: number): void
  /** Words in which the pair has been seen, in the order of sight; some more than once, some no longer. */
  words(pair: number): readonly number[]
  seenIn(pair: number, word: number): void
  /** Gives up the list of a pair that is merged. */
  forget(pair: number): void
}

const START = 2 ** 16

export function pairTable(): PairTable {
  let capacity = START
  let slots = new Int32Array(capacity).fill(-1)
  let lefts = new Int32Array(capacity / 2)
  let rights = new Int32Array(capacity / 2)
  let counts = new Float64Array(capacity / 2)
  const lists: number[][] = []

  const slotOf = (left: number, right: number): number => {
    let at = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0
    at = (at ^ (at >>> 15)) & (capacity - 1)
    for (;;) {
      const pair = slots[at] as number
      if (pair < 0 || (lefts[pair] === left && rights[pair] === right)) return at
      at = (at + 1) & (capacity - 1)
    }
  }
  const grow = (): void => {
    capacity *= 2
    const wider = <A extends Int32Array | Float64Array>(old: A, fresh: A): A => {
      fresh.set(old as never)
      return fresh
    }
    lefts = wider(lefts, new Int32Array(capacity / 2))
    rights = wider(rights, new Int32Array(capacity / 2))
    counts = wider(counts, new Float64Array(capacity / 2))
    slots = new Int32Array(capacity).fill(-1)
    for (let pair = 0; pair < lists.length; pair++) slots[slotOf(lefts[pair] as number, rights[pair] as number)] = pair
  }
  return {
    numberOf(left, right) {
      let at = slotOf(left, right)
      const known = slots[at] as number
      if (known >= 0) return known
      const pair = lists.length
      // Never more than half full.
      if (pair === capacity / 2) {
        grow()
        at = slotOf(left, right)
      }
      slots[at] = pair
      lefts[pair] = left
      rights[pair] = right
      counts[pair] = 0
      lists.push([])
      return pair
    },
    get size() {
      return lists.length
    },
    left: (pair) => lefts[pair] as number,
    right: (pair) => rights[pair] as number,
    count: (pair) => counts[pair] as number,
    add(pair, amount) {
      counts[pair] = (counts[pair] as number) + amount
    },
    words: (pair) => lists[pair] as number[],
    seenIn(pair, word) {
      const list = lists[pair] as number[]
      if (list[list.length - 1] !== word) list.push(word)
    },
    forget(pair) {
      lists[pair] = []
    },
  }
}
