export {
  type AttentionExtents,
  type BatchExtents,
  batchExtents,
  type DenseExtents,
  denseExtents,
  type SeenKeys,
} from './attention-extents.js'
export type { AttentionInputs } from './attention-inputs.js'
export {
  type BlockCopy,
  type BlockGap,
  type BlockPool,
  type BlockRequest,
  type BlockTables,
  blockTables,
} from './block-tables.js'
export { cacheBytes, cacheBytesPerToken } from './cache-bytes.js'
export type { CacheCells, HeadCells, LatentCells } from './cache-cells.js'
export { CacheError } from './cache-error.js'
export type { CachedKeys, CacheStep, LayerCache } from './cache-step.js'
export type { CacheTokens } from './cache-tokens.js'
export {
  type AttentionResult,
  type CausalAttentionOptions,
  type CrossAttentionOptions,
  causalAttention,
  crossAttention,
} from './causal-attention.js'
export { type ContiguousLayout, contiguousCache } from './contiguous-cache.js'
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
export type {
  CacheLayout,
  CacheOptions,
  CachePlacement,
  KeyValueCache,
} from './key-value-cache.js'
export {
  absorbedLatentAttention,
  type LatentAttentionInputs,
  type LatentAttentionSizes,
  latentAttentionFlops,
  naiveLatentAttention,
} from './latent-attention.js'
export { type LatentLayout, latentCache } from './latent-cache.js'
export {
  MultiHeadLatentAttention,
  type MultiHeadLatentAttentionInputs,
  type MultiHeadLatentAttentionOptions,
} from './multi-head-latent-attention.js'
export { type PagedLayout, type PagedPlacement, pagedCache } from './paged-cache.js'
export { quantizeRows } from './quantize-rows.js'
export { type QuantizedLayout, quantizedCache } from './quantized-cache.js'
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
export { type SlidingLayout, type SlidingPlacement, slidingBlocks, slidingCache } from './sliding-cache.js'
export { slidingWindow } from './sliding-window.js'
