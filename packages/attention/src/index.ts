export { appendToCache } from './append-to-cache.js'
export {
  type AttentionExtents,
  type BatchExtents,
  batchExtents,
  type DenseExtents,
  denseExtents,
  type SeenKeys,
} from './attention-extents.js'
export type { AttentionInputs } from './attention-inputs.js'
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
export { type ContextKeys, CrossAttention, type CrossAttentionModuleOptions } from './cross-attention.js'
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
export { GroupedQueryAttention, type GroupedQueryAttentionOptions } from './grouped-query-attention.js'
export {
  absorbedLatentAttention,
  type LatentAttentionInputs,
  type LatentAttentionSizes,
  latentAttentionFlops,
  naiveLatentAttention,
} from './latent-attention.js'
export {
  MultiHeadLatentAttention,
  type MultiHeadLatentAttentionInputs,
  type MultiHeadLatentAttentionOptions,
} from './multi-head-latent-attention.js'
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
  yarnMscale,
} from './rope-frequencies.js'
export { slidingWindow } from './sliding-window.js'
