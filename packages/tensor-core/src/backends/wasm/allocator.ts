/** Every block starts at a multiple of this, and is a multiple of it long: a cache line. */
export const ALIGNMENT = 64

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

/** Hands out pieces of an address range that can grow at its end. */
export interface Allocator {
  /** The address of at least `bytes` bytes, or null if there is no room for them. */
  allocate(bytes: number): number | null
  /** Takes back what `allocate` gave. False if there is no such block. */
  release(address: number): boolean
  /** Whether `allocate` would find room now. */
  fits(bytes: number): boolean
  /** Bytes in blocks that are handed out. */
  readonly usedBytes: number
  /** The largest block that could be handed out, if the range grew as far as it may. */
  largestFree(): number
}

export interface AllocatorOptions {
  /** First address, and end of the range as it is. */
  readonly start: number
  readonly end: number
  /** Where the range may end at most. */
  readonly limit: number
  /** Makes the range end at `end` or later; returns its new end, or null if that cannot be had. */
  grow(end: number): number | null
}

interface Block {
  readonly address: number
  size: number
  free: boolean
  /** Neighbours in memory. */
  before: Block | null
  after: Block | null
  /** Neighbours in the list of free blocks of about this size. */
  previousFree: Block | null
  nextFree: Block | null
}

/** Sizes between two powers of two are told apart in this many steps. */
const STEPS = 8
const STEP_BITS = 3

/**
 * Two-level segregated fit (Masmano et al. 2004): free blocks in lists by size class, bitmaps of the lists that are not
 * empty. Allocating and releasing take a fixed number of steps, except when memory is nearly full: then the list of the
 * size's own class is searched too.
 */
export function createAllocator(options: AllocatorOptions): Allocator {
  const lists: (Block | null)[][] = Array.from({ length: 32 }, () => new Array<Block | null>(STEPS).fill(null))
  const steps = new Array<number>(32).fill(0)
  let classes = 0
  const taken = new Map<number, Block>()
  const limit = Math.floor(options.limit / ALIGNMENT) * ALIGNMENT
  let end = alignUp(options.start)
  let last: Block | null = null
  let usedBytes = 0

  /** The class of a size in units of ALIGNMENT; sizes below STEPS have a class each. */
  const classOf = (size: number): [number, number] => {
    const units = size / ALIGNMENT
    if (units < STEPS) return [0, units]
    const power = 31 - Math.clz32(units)
    return [power - STEP_BITS + 1, (units >>> (power - STEP_BITS)) - STEPS]
  }
  /** The first class all of whose blocks are large enough. */
  const classAbove = (size: number): [number, number] => {
    const units = size / ALIGNMENT
    if (units < STEPS) return [0, units]
    const power = 31 - Math.clz32(units)
    return classOf((units + (1 << (power - STEP_BITS)) - 1) * ALIGNMENT)
  }
  const insert = (block: Block): void => {
    const [first, second] = classOf(block.size)
    const row = lists[first] as (Block | null)[]
    block.free = true
    block.previousFree = null
    block.nextFree = row[second] ?? null
    if (block.nextFree) block.nextFree.previousFree = block
    row[second] = block
    steps[first] = (steps[first] as number) | (1 << second)
    classes |= 1 << first
  }
  const remove = (block: Block): void => {
    const [first, second] = classOf(block.size)
    const row = lists[first] as (Block | null)[]
    if (block.previousFree) block.previousFree.nextFree = block.nextFree
    else row[second] = block.nextFree
    if (block.nextFree) block.nextFree.previousFree = block.previousFree
    if (!row[second]) {
      steps[first] = (steps[first] as number) & ~(1 << second)
      if (steps[first] === 0) classes &= ~(1 << first)
    }
    block.free = false
    block.previousFree = null
    block.nextFree = null
  }
  const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits)

  const find = (size: number): Block | null => {
    const [first, second] = classAbove(size)
    const here = (steps[first] as number) & (-1 << second)
    if (here) return lists[first]?.[lowest(here)] ?? null
    const above = classes & (first === 31 ? 0 : -1 << (first + 1))
    if (above) {
      const row = lowest(above)
      return lists[row]?.[lowest(steps[row] as number)] ?? null
    }
    const [own, step] = classOf(size)
    let block = lists[own]?.[step] ?? null
    while (block && block.size < size) block = block.nextFree
    return block
  }

  /** Adds the range's new end to the last block if that is free, or as a block of its own. */
  const extend = (newEnd: number): void => {
    const to = Math.floor(Math.min(newEnd, limit) / ALIGNMENT) * ALIGNMENT
    if (to <= end) return
    if (last?.free) {
      remove(last)
      last.size += to - end
      insert(last)
    } else {
      const block: Block = {
        address: end,
        size: to - end,
        free: false,
        before: last,
        after: null,
        previousFree: null,
        nextFree: null,
      }
      if (last) last.after = block
      last = block
      insert(block)
    }
    end = to
  }
  extend(options.end)

  const tail = (): number => (last?.free ? last.size : 0)
  const sizeFor = (bytes: number): number => Math.max(ALIGNMENT, alignUp(bytes))

  return {
    allocate(bytes) {
      const size = sizeFor(bytes)
      let block = find(size)
      if (!block) {
        const missing = end - tail() + size
        if (missing > limit) return null
        const grown = options.grow(missing)
        if (grown === null) return null
        extend(grown)
        block = find(size)
        if (!block) return null
      }
      remove(block)
      if (block.size > size) {
        const rest: Block = {
          address: block.address + size,
          size: block.size - size,
          free: false,
          before: block,
          after: block.after,
          previousFree: null,
          nextFree: null,
        }
        if (rest.after) rest.after.before = rest
        else last = rest
        block.after = rest
        block.size = size
        insert(rest)
      }
      taken.set(block.address, block)
      usedBytes += block.size
      return block.address
    },
    release(address) {
      let block = taken.get(address)
      if (!block) return false
      taken.delete(address)
      usedBytes -= block.size
      const { after } = block
      if (after?.free) {
        remove(after)
        block.size += after.size
        block.after = after.after
        if (after.after) after.after.before = block
        else last = block
      }
      const { before } = block
      if (before?.free) {
        remove(before)
        before.size += block.size
        before.after = block.after
        if (block.after) block.after.before = before
        else last = before
        block = before
      }
      insert(block)
      return true
    },
    fits: (bytes) => {
      const size = sizeFor(bytes)
      return find(size) !== null || end - tail() + size <= limit
    },
    get usedBytes() {
      return usedBytes
    },
    largestFree() {
      let largest = limit - (end - tail())
      if (classes) {
        const row = 31 - Math.clz32(classes)
        const step = 31 - Math.clz32(steps[row] as number)
        for (let block = lists[row]?.[step] ?? null; block; block = block.nextFree)
          largest = Math.max(largest, block.size)
      }
      return largest
    },
  }
}
