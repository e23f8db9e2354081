import { alignUp } from './allocator.js'

/** A temporary: alive from launch `first` to launch `last`, both included. */
export interface Interval {
  readonly bytes: number
  readonly first: number
  readonly last: number
}

export interface PackedArena {
  /** One byte offset for each interval. */
  readonly offsets: readonly number[]
  readonly bytes: number
}

/**
 * Places temporaries in one arena so that no two that are alive together overlap: the largest first, each in the
 * smallest gap that holds it (Pisarchyk and Lee 2020, arXiv 2001.03288, "greedy by size").
 */
export function packArena(intervals: readonly Interval[]): PackedArena {
  const offsets = new Array<number>(intervals.length).fill(0)
  const order = [...intervals.keys()].sort((a, b) => sizeAt(intervals, b) - sizeAt(intervals, a) || a - b)
  /** Placed so far, by offset. */
  const placed: { first: number; last: number; start: number; end: number }[] = []
  let bytes = 0
  for (const i of order) {
    const { first, last } = intervals[i] as Interval
    const size = sizeAt(intervals, i)
    let best = -1
    let bestGap = Number.POSITIVE_INFINITY
    let free = 0
    for (const other of placed) {
      if (other.first > last || other.last < first) continue
      const gap = other.start - free
      if (gap >= size && gap < bestGap) {
        best = free
        bestGap = gap
      }
      if (other.end > free) free = other.end
    }
    const start = best < 0 ? free : best
    offsets[i] = start
    if (size === 0) continue
    bytes = Math.max(bytes, start + size)
    let at = placed.length
    while (at > 0 && (placed[at - 1] as { start: number }).start > start) at--
    placed.splice(at, 0, { first, last, start, end: start + size })
  }
  return { offsets, bytes }
}

function sizeAt(intervals: readonly Interval[], i: number): number {
  return alignUp((intervals[i] as Interval).bytes)
}
