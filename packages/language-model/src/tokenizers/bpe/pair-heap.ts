import type { PairTable } from './pair-table.js'

/**
 * The pairs by count, of equal counts the lower left token first, then the lower right. Counts may fall after a push: the
 * caller compares what it pops with the count of now, and pushes again.
 */
export interface PairHeap {
  push(pair: number): void
  /** The first pair with its count at the push; null when empty. */
  pop(): { readonly pair: number; readonly count: number } | null
}

export function pairHeap(table: PairTable): PairHeap {
  const pairs: number[] = []
  const counts: number[] = []
  const before = (i: number, j: number): boolean => {
    const difference = (counts[i] as number) - (counts[j] as number)
    if (difference !== 0) return difference > 0
    const [a, b] = [pairs[i] as number, pairs[j] as number]
    const [left, other] = [table.left(a), table.left(b)]
    return left === other ? table.right(a) < table.right(b) : left < other
  }
  const swap = (i: number, j: number): void => {
    const [pair, count] = [pairs[i] as number, counts[i] as number]
    pairs[i] = pairs[j] as number
    counts[i] = counts[j] as number
    pairs[j] = pair
    counts[j] = count
  }
  return {
    push(pair) {
      let at = pairs.length
      pairs.push(pair)
      counts.push(table.count(pair))
      for (let parent = (at - 1) >> 1; at > 0 && before(at, parent); parent = (at - 1) >> 1) {
        swap(at, parent)
        at = parent
      }
    },
    pop() {
      if (pairs.length === 0) return null
      swap(0, pairs.length - 1)
      const [pair, count] = [pairs.pop() as number, counts.pop() as number]
      for (let at = 0; ; ) {
        let first = at
        for (const child of [2 * at + 1, 2 * at + 2]) if (child < pairs.length && before(child, first)) first = child
        if (first === at) return { pair, count }
        swap(at, first)
        at = first
      }
    },
  }
}
