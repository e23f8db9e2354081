export { type Decoding, type LayerCache, Llama } from './llama.js'
export { checkLlamaConfig, headDimOf, type LlamaConfig } from './llama-config.js'
export { type PackReport, packWeights } from './pack-weights.js'
