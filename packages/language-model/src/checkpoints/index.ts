export { CheckpointError } from './checkpoint-error.js'
export { type LlamaCheckpoint, readLlama2c } from './llama2c.js'
