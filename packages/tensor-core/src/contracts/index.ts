export type { Batch } from './batch.js'
export type { CausalModel } from './causal-model.js'
export type { SequenceState } from './sequence-state.js'
