import type { CacheCells } from './cache-cells.js'
import { type CacheOptions, type KeyValueCache, keyValueCache } from './key-value-cache.js'

/** Tokens of a block, as in the paper's evaluation. Kwon et al. 2023, arXiv 2309.06180, section 7.2. */
export const DEFAULT_BLOCK_SIZE = 16

export interface PagedPlacement {
  readonly layers: number
  /** S: sequences side by side. */
  readonly sequences: number
  /** Tokens that a sequence may have. */
  readonly maxLength: number
  /** Tokens of a block. Default 16. */
  readonly blockSize?: number
  /** Blocks that all sequences share. Default: as many as they take when all are full. */
  readonly blocks?: number
}

export type PagedLayout = PagedPlacement & CacheCells

/** The placement with its defaults. */
export function pagedPlacement<P extends PagedPlacement>(placement: P) {
  const { sequences, maxLength, blockSize = DEFAULT_BLOCK_SIZE } = placement
  const { blocks = sequences * Math.ceil(maxLength / blockSize) } = placement
  return { ...placement, blockSize, blocks, sinks: 0 }
}

/**
 * Sequences take blocks from a common pool as they grow, and share those of a common past: many texts of different lengths in
 * the memory of what they hold. Kwon et al. 2023, arXiv 2309.06180. Throws ArgumentError for counts below 1; its methods throw
 * CacheError.
 */
export function pagedCache(layout: PagedLayout, options: CacheOptions = {}): KeyValueCache {
  return keyValueCache(pagedPlacement(layout), options, 'pagedCache')
}
