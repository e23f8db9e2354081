import { type Tensor, tensor } from '@almanac/tensor-core'
import type { AttentionExtents } from './attention-extents.js'
import type { BlockTables } from './block-tables.js'
import type { CacheTokens } from './cache-tokens.js'

/** Where the tokens of a step stand in a cache: the same for all of its layers. Made by the cache, one argument of a compiled step. */
export interface CacheStep {
  /** Position of each token in its sequence, int32 [N]. */
  readonly positions: Tensor
  /** Place of each token's key in the cache, int32 [N]; -1 for a token that fills up the step and is not kept. */
  readonly places: Tensor
  /** What the tokens see once they are written: the cache's window is in the ranges. */
  readonly extents: AttentionExtents
  /** The cache's sinks, for `flashAttention`. */
  readonly sinks: number
}

/** What `flashAttention` reads of a layer's cache. */
export interface CachedKeys {
  /** [M, KV, D] */
  readonly k: Tensor
  /** [M, KV, Dv], or k where the values are its first channels. */
  readonly v: Tensor
  /** Of int8 keys and values, float32 [M, KV, 2]. */
  readonly scales?: Tensor
}

/** The keys and values that one layer keeps. */
export interface LayerCache {
  /**
   * Writes keys k [N, KV, D] and values v [N, KV, Dv] at the step's places, in place, and returns all that are kept. Without
   * v the values are the first channels of the keys (a latent cache). Throws ShapeError.
   */
  append(k: Tensor, v: Tensor | null, step: CacheStep): CachedKeys
}

/**
 * Where tokens that have room stand, filled up to `fill` with some that are of no sequence. One row of `extents.sequences` for
 * each sequence of the cache, in the order in which they are given; those behind have no queries and no keys.
 */
export function cacheStep(given: readonly CacheTokens[], tables: BlockTables, fill: number): CacheStep {
  const count = given.reduce((sum, { tokens }) => sum + tokens, 0)
  const { sequences: S, blockSize, maxLength, window, sinks } = tables.pool
  const P = Math.ceil(maxLength / blockSize)
  const positions = new Int32Array(fill)
  const places = new Int32Array(fill).fill(-1)
  const ranges = new Int32Array(2 * fill)
  const rows = new Int32Array(S * (3 + P)).fill(-1)
  let query = 0
  given.forEach(({ sequence, tokens }, row) => {
    const length = tables.length(sequence)
    const at = row * (3 + P)
    rows.set([query, query + tokens, length + tokens], at)
    tables.table(sequence).forEach((block, i) => {
      if (block >= 0) rows[at + 3 + i] = block * blockSize
    })
    for (let position = length; position < length + tokens; position++, query++) {
      positions[query] = position
      places[query] = tables.place(sequence, position)
      ranges[2 * query] = window === undefined ? 0 : Math.max(0, position - window + 1)
      ranges[2 * query + 1] = position + 1
    }
  })
  for (let row = given.length; row < S; row++) rows.set([count, count, 0], row * (3 + P))
  return {
    positions: tensor(positions),
    places: tensor(places),
    extents: {
      sequences: tensor(rows, { shape: [S, 3 + P] }),
      ranges: tensor(ranges, { shape: [fill, 2] }),
      blockSize,
      layout: 'paged',
    },
    sinks,
  }
}
