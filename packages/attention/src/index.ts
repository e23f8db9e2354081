export {
  type AttentionResult,
  type CausalAttentionOptions,
  causalAttention,
  causalAttentionBackward,
  causalAttentionForward,
} from './causal-attention.js'
export { type RopeOptions, rope, ropeRotation } from './rope.js'
