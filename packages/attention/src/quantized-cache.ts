import type { HeadCells } from './cache-cells.js'
import { type CacheOptions, type KeyValueCache, keyValueCache } from './key-value-cache.js'
import { type PagedPlacement, pagedPlacement } from './paged-cache.js'

export type QuantizedLayout = PagedPlacement & Omit<HeadCells, 'dtype'>

/**
 * A paged cache of 8 bits: int8 keys and values with a float32 scale for each token, head and of both (`quantizeRows`), which
 * `flashAttention` reads as they are. D + 4 bytes a key against 4 D in float32. Other placements take the same cells:
 * `slidingCache({ dtype: 'int8', ... })`. Throws ArgumentError for counts below 1; its methods throw CacheError.
 */
export function quantizedCache(layout: QuantizedLayout, options: CacheOptions = {}): KeyValueCache {
  return keyValueCache({ ...pagedPlacement(layout), dtype: 'int8' }, options, 'quantizedCache')
}
