export type { CountModel, TokenIds } from './count-model.js'
export {
  type BigramFit,
  type InterpolatedBigram,
  interpolatedBigram,
  type MixtureWeights,
} from './interpolated-bigram.js'
export { kneserNeyTrigram } from './kneser-ney-trigram.js'
export { type Decoding, Llama, type LlamaInputs } from './llama.js'
export { checkLlamaConfig, headDimOf, type LlamaConfig } from './llama-config.js'
export { type PackReport, packWeights } from './pack-weights.js'
