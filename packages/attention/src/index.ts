export { appendToCache } from './append-to-cache.js'
export {
  type AttentionExtents,
  type BatchExtents,
  batchExtents,
  type DenseExtents,
  denseExtents,
  type SeenKeys,
} from './attention-extents.js'
export { type BlockCopy, type BlockPool, type BlockTables, blockTables } from './block-tables.js'
export { CacheError } from './cache-error.js'
export type { CachedKeys, CacheStep } from './cache-step.js'
export {
  type AttentionResult,
  type CausalAttentionOptions,
  type CrossAttentionOptions,
  causalAttention,
  crossAttention,
} from './causal-attention.js'
export {
  type CacheLayout,
  type ContiguousCache,
  contiguousCache,
  contiguousCacheBytes,
  type LayerCache,
} from './contiguous-cache.js'
export {
  biasedFlashAttentionBackward,
  biasedFlashAttentionForward,
  type FlashAttentionOptions,
  type FlashAttentionResult,
  type FlashAttributes,
  flashAttention,
  flashAttentionBackward,
  flashAttentionForward,
  int8FlashAttentionForward,
} from './flash-attention.js'
export {
  type RopeAngleOptions,
  type RopeAngles,
  type RopeOptions,
  rope,
  ropeAngles,
  ropeRotation,
} from './rope.js'
export {
  type DynamicNtkRopeScaling,
  type LinearRopeScaling,
  type Llama3RopeScaling,
  type RopeFrequencies,
  type RopeScaling,
  ropeFrequencies,
  type YarnRopeScaling,
} from './rope-frequencies.js'
