import type { CacheCells } from './cache-cells.js'
import { type CacheOptions, type KeyValueCache, keyValueCache } from './key-value-cache.js'

export type ContiguousLayout = {
  readonly layers: number
  /** S: sequences side by side. */
  readonly sequences: number
  /** Tokens that a sequence has room for; all of it is taken from the start. */
  readonly maxLength: number
} & CacheCells

/**
 * Every sequence has a whole row of places: the simplest cache, for one text or a few of about one length. A row is a block of
 * its own, and where two sequences share one there is another that nobody holds: forking and reordering never want for room.
 * Throws ArgumentError for counts below 1; its methods throw CacheError.
 */
export function contiguousCache(layout: ContiguousLayout, options: CacheOptions = {}): KeyValueCache {
  const { sequences, maxLength } = layout
  return keyValueCache({ ...layout, blocks: sequences, blockSize: maxLength, sinks: 0 }, options, 'contiguousCache')
}
