import type { CacheCells } from './cache-cells.js'
import { type CacheOptions, type KeyValueCache, keyValueCache } from './key-value-cache.js'
import { DEFAULT_BLOCK_SIZE, type PagedPlacement } from './paged-cache.js'

export interface SlidingPlacement extends PagedPlacement {
  /** Keys that a token sees at most, its own included. */
  readonly window: number
  /** Tokens at the beginning that all later ones see. Default 0. */
  readonly sinks?: number
  /** Tokens that `truncate` may take back of the longest that a sequence was, so many more being kept. Default 0. */
  readonly rollback?: number
  /** Tokens that a sequence appends in one step at most, for which `blocks` leaves room by default. Default 1. */
  readonly stepTokens?: number
}

export type SlidingLayout = SlidingPlacement & CacheCells

/**
 * Blocks that a sequence holds at most, however long it grows: those of the sinks, and those that the window of a step's first
 * token and the step itself touch, ceil(sinks / size) + ceil((window - 1 + rollback + stepTokens) / size) + 1.
 */
export function slidingBlocks(
  placement: Pick<SlidingPlacement, 'window' | 'sinks' | 'rollback' | 'stepTokens' | 'blockSize'>,
): number {
  const { window, sinks = 0, rollback = 0, stepTokens = 1, blockSize = DEFAULT_BLOCK_SIZE } = placement
  return Math.ceil(sinks / blockSize) + Math.ceil((window - 1 + rollback + stepTokens) / blockSize) + 1
}

/**
 * A paged cache of a window: blocks that lie behind what any later token sees are given back as a sequence grows, but for those
 * of the first tokens, its attention sinks. Memory is bounded while the text is not; `maxLength` bounds only the tables. Take
 * long prompts in steps of `stepTokens`. Going back by more than `rollback` may be a
 * CacheError: what a token there would see was given back. Beltagy et al. 2020, arXiv
 * 2004.05150, section 3.1; Xiao et al. 2023, arXiv 2309.17453. Throws ArgumentError; its methods throw CacheError.
 */
export function slidingCache(layout: SlidingLayout, options: CacheOptions = {}): KeyValueCache {
  const { stepTokens = 1, blockSize = DEFAULT_BLOCK_SIZE, sinks = 0, ...rest } = layout
  const { sequences, maxLength } = rest
  const most = Math.min(slidingBlocks({ ...rest, sinks, stepTokens, blockSize }), Math.ceil(maxLength / blockSize))
  const { blocks = sequences * most } = rest
  return keyValueCache({ ...rest, blockSize, blocks, sinks }, options, 'slidingCache')
}
