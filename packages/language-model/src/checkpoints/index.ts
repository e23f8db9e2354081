export { CheckpointError } from './checkpoint-error.js'
export {
  fromHuggingFaceConfig,
  fromHuggingFaceGeneration,
  type GenerationConfig,
  type HuggingFaceConfig,
  toHuggingFaceConfig,
  toHuggingFaceGeneration,
} from './hugging-face-config.js'
export { type LlamaCheckpoint, readLlama2c } from './llama2c.js'
export { folderFiles, type ModelFiles } from './model-files.js'
export { type HuggingFaceLlama, llamaOf, readLlama } from './read-llama.js'
export { type ModelWriter, type WriteLlamaOptions, writeLlama } from './write-llama.js'
