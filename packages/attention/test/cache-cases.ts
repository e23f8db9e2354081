import type { Device } from '@almanac/tensor-core'
import {
  contiguousCache,
  type KeyValueCache,
  latentCache,
  pagedCache,
  quantizedCache,
  slidingCache,
} from '../src/index.js'

/** What all caches of a test have in common. */
export interface CacheSizes {
  readonly layers: number
  readonly sequences: number
  readonly maxLength: number
  readonly kvHeads: number
  readonly headDim: number
}

export interface CacheCase {
  readonly of: string
  /** Not one of the five constructors' own combinations of placement and cells. */
  readonly crossed?: boolean
  readonly window?: number
  readonly sinks?: number
  make(sizes: CacheSizes, device: Device): KeyValueCache
}

const WINDOW = { window: 5, sinks: 3 }

/** Every cache, and crosses of placements and cells. Latents have headDim channels, of which the last is the rotated key. */
export const CACHES: readonly CacheCase[] = [
  { of: 'contiguous', make: (sizes, device) => contiguousCache(sizes, { device }) },
  { of: 'paged', make: (sizes, device) => pagedCache({ ...sizes, blockSize: 4 }, { device }) },
  {
    of: 'sliding',
    ...WINDOW,
    make: (sizes, device) => slidingCache({ ...sizes, ...WINDOW, blockSize: 2, stepTokens: 5 }, { device }),
  },
  {
    of: 'latent',
    make({ kvHeads: _, headDim, ...sizes }, device) {
      return latentCache({ ...sizes, blockSize: 4, latentDim: headDim - 1, ropeDim: 1 }, { device })
    },
  },
  { of: 'quantised', make: (sizes, device) => quantizedCache({ ...sizes, blockSize: 4 }, { device }) },
  {
    of: 'contiguous, bfloat16',
    crossed: true,
    make: (sizes, device) => contiguousCache({ ...sizes, dtype: 'bfloat16' }, { device }),
  },
  {
    of: 'sliding, latent, float16',
    crossed: true,
    ...WINDOW,
    make({ kvHeads: _, headDim, ...sizes }, device) {
      const cells = { latentDim: headDim - 1, ropeDim: 1, dtype: 'float16' as const }
      return slidingCache({ ...sizes, ...cells, ...WINDOW, blockSize: 3, stepTokens: 5 }, { device })
    },
  },
  {
    of: 'sliding, int8',
    crossed: true,
    ...WINDOW,
    make: (sizes, device) =>
      slidingCache({ ...sizes, ...WINDOW, dtype: 'int8', blockSize: 2, stepTokens: 5 }, { device }),
  },
]
