import type { Tensor } from '@almanac/tensor-core'
import type { AttentionExtents } from './attention-extents.js'

/** Where the tokens of a step stand in a cache: the same for all of its layers. Made by the cache, one argument of a compiled step. */
export interface CacheStep {
  /** Position of each token in its sequence, int32 [N]. */
  readonly positions: Tensor
  /** Place of each token's key in the cache, int32 [N]; -1 for a token that fills up the step and is not kept. */
  readonly places: Tensor
  /** What the tokens see once they are written. */
  readonly extents: AttentionExtents
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
   * v the values are the first channels of the keys (a latent cache).
   */
  append(k: Tensor, v: Tensor | null, step: CacheStep): CachedKeys
}
