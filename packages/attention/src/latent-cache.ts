import type { LatentCells } from './cache-cells.js'
import { type CacheOptions, type KeyValueCache, keyValueCache } from './key-value-cache.js'
import { type PagedPlacement, pagedPlacement } from './paged-cache.js'

export type LatentLayout = PagedPlacement & LatentCells

/**
 * A paged cache of multi-head latent attention: a token's latent and rotated key, dc + dR numbers a layer for all heads, in one
 * cell [M, 1, dc + dR]. `append(k, null, step)` gives it as keys and as values; `flashAttention` takes the first dc channels as
 * values with `valueChannels: dc`. DeepSeek-AI 2024, arXiv 2405.04434, section 2.1. Other placements take the same cells:
 * `contiguousCache({ latentDim, ropeDim, ... })`. Throws ArgumentError for counts below 1; its methods throw CacheError.
 */
export function latentCache(layout: LatentLayout, options: CacheOptions = {}): KeyValueCache {
  return keyValueCache(pagedPlacement(layout), options, 'latentCache')
}
