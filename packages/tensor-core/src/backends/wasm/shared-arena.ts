import type { Allocator } from './allocator.js'

/** One piece of memory for the temporaries of all programs, of which only one runs at a time: as large as the largest needs. */
export interface SharedArena {
  readonly bytes: number
  /** 0 while no program needs an arena. */
  readonly base: number
  /** Whether a program of this size could be added now, with `more` bytes taken beside it. */
  fits(bytes: number, more: number): boolean
  /** False, and nothing changed, if there is no room. */
  add(bytes: number): boolean
  remove(bytes: number): void
}

export function createSharedArena(allocator: Allocator): SharedArena {
  /** Size -> loaded programs of that size. */
  const sizes = new Map<number, number>()
  let bytes = 0
  let base = 0
  const resize = (wanted: number): boolean => {
    if (wanted === bytes) return true
    // The old contents are nobody's: its memory may become part of the new piece.
    if (bytes > 0) allocator.release(base)
    const address = wanted > 0 ? allocator.allocate(wanted) : 0
    if (address === null) {
      base = bytes > 0 ? (allocator.allocate(bytes) as number) : 0
      return false
    }
    base = address
    bytes = wanted
    return true
  }
  return {
    get bytes() {
      return bytes
    },
    get base() {
      return base
    },
    fits(wanted, more) {
      if (wanted <= bytes) return allocator.fits(more)
      // Tried out and taken back: whether two pieces fit is not a question of sizes alone.
      if (bytes > 0) allocator.release(base)
      const first = allocator.allocate(more)
      const second = first === null ? null : allocator.allocate(wanted)
      if (first !== null) allocator.release(first)
      if (second !== null) allocator.release(second)
      if (bytes > 0) base = allocator.allocate(bytes) as number
      return second !== null
    },
    add(size) {
      if (!resize(Math.max(size, bytes))) return false
      sizes.set(size, (sizes.get(size) ?? 0) + 1)
      return true
    },
    remove(size) {
      const left = (sizes.get(size) ?? 0) - 1
      if (left > 0) sizes.set(size, left)
      else sizes.delete(size)
      resize(Math.max(0, ...sizes.keys()))
    },
  }
}
