export { Dropout } from './dropout.js'
export { Embedding } from './embedding.js'
export {
  constantInit,
  type Initializer,
  kaimingUniform,
  normalInit,
  uniformInit,
  xavierUniform,
} from './initializers.js'
export { LayerNorm } from './layer-norm.js'
export { Linear, type LinearOptions } from './linear.js'
export { Module } from './module.js'
export { Parameter } from './parameter.js'
export { RMSNorm } from './rms-norm.js'
export { loadStateDict, type StateDict, stateDict } from './state-dict.js'
