import { BackendError } from '../../errors.js'
import { LOWEST_ADDRESS } from '../../kernel/emit-wasm.js'
import { type Allocator, createAllocator } from './allocator.js'

const PAGE = 65_536
const MOST_PAGES = 65_536
const FIRST_PAGES = 64
/** The memory grows by at least this much at a time, and by a quarter of itself when it is large. */
const STEP_BYTES = 16 * 2 ** 20
const LARGEST_STEP_BYTES = 256 * 2 ** 20

/** The backend's one linear memory. */
export interface LinearMemory {
  readonly memory: WebAssembly.Memory
  readonly shared: boolean
  readonly maximumPages: number
  readonly allocator: Allocator
  /** Fresh views: growing the memory ends earlier ones. */
  bytes(address: number, length: number): Uint8Array
  words(address: number, length: number): Int32Array
  doubles(address: number, length: number): Float64Array
}

/** Makes the memory, halving its maximum until the engine accepts it: some reserve all of it at once. */
export function createMemory(shared: boolean, maximumBytes: number): LinearMemory {
  let maximumPages = Math.max(FIRST_PAGES, Math.min(MOST_PAGES, Math.ceil(maximumBytes / PAGE)))
  let memory: WebAssembly.Memory | null = null
  while (!memory) {
    try {
      memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: maximumPages, shared })
    } catch (error) {
      if (maximumPages <= FIRST_PAGES) {
        throw new BackendError('wasm', `${FIRST_PAGES * PAGE} bytes of memory`, `${error}`, 'Close other programs.')
      }
      maximumPages = Math.max(FIRST_PAGES, maximumPages >> 1)
    }
  }
  const linear = memory
  const grow = (end: number): number | null => {
    const pages = linear.buffer.byteLength / PAGE
    const step = Math.min(LARGEST_STEP_BYTES, Math.max(STEP_BYTES, (pages * PAGE) / 4))
    const needed = Math.ceil(end / PAGE)
    const generous = Math.min(maximumPages, Math.max(needed, Math.ceil((pages * PAGE + step) / PAGE)))
    for (const target of [generous, needed]) {
      try {
        if (target > pages) linear.grow(target - pages)
        return linear.buffer.byteLength
      } catch {
        // Not that much; perhaps just what is needed.
      }
    }
    return null
  }
  return {
    memory: linear,
    shared,
    maximumPages,
    allocator: createAllocator({
      start: LOWEST_ADDRESS,
      end: FIRST_PAGES * PAGE,
      // The last bytes stay free: the address after a block must not wrap to zero.
      limit:
        Math.min(maximumPages * PAGE, Math.max(maximumBytes, FIRST_PAGES * PAGE)) -
        (maximumPages === MOST_PAGES ? PAGE : 0),
      grow,
    }),
    bytes: (address, length) => new Uint8Array(linear.buffer, address, length),
    words: (address, length) => new Int32Array(linear.buffer, address, length),
    doubles: (address, length) => new Float64Array(linear.buffer, address, length),
  }
}
