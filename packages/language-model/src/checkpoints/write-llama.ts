import type { ScalarDType, Tensor } from '@almanac/tensor-core'
import { ArgumentError } from '@almanac/tensor-core'
import { type SafetensorsTensorSource, safetensorsChunks, toSafetensorsDType } from '@almanac/tensor-core/safetensors'
import type { Llama } from '../models/llama.js'
import { headDimOf } from '../models/llama-config.js'
import { type GenerationConfig, toHuggingFaceConfig, toHuggingFaceGeneration } from './hugging-face-config.js'

export interface WriteLlamaOptions {
  readonly generation?: GenerationConfig
  /** The dtype of the file's tensors. Default float32. */
  readonly dtype?: Extract<ScalarDType, 'float32' | 'float16' | 'bfloat16'>
  /** Objects to write as JSON beside the model: 'tokenizer.json', 'tokenizer_config.json'. */
  readonly json?: Readonly<Record<string, unknown>>
}

/** Where files are written as wholes: `fileStorage` of @almanac/training, or a page's own. */
export interface ModelWriter {
  write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>
}

/**
 * Writes a Llama in Hugging Face's layout: config.json, generation_config.json, model.safetensors and what `json` adds.
 * config.json comes last: a folder that has it has the rest. Tensors are read one at a time. Rotary pairs of neighbours
 * (llama2.c) are written as halves: rows of q_proj and k_proj change places, the model stays the same.
 * Throws ArgumentError for packed weights.
 */
export async function writeLlama(to: ModelWriter, model: Llama, options: WriteLlamaOptions = {}): Promise<void> {
  const { dtype = 'float32', generation = {}, json = {} } = options
  const stored = toSafetensorsDType(dtype)
  const { config } = model
  const tensors: [string, SafetensorsTensorSource][] = []
  for (const [name, parameter] of model.namedParameters()) {
    if (!stored || !toSafetensorsDType(parameter.dtype)) {
      throw new ArgumentError(
        'writeLlama',
        'weights that are not packed',
        `${name} packed`,
        'Write the model before packWeights.',
      )
    }
    const rotary = config.ropeInterleaved === true && /\.(q|k)_proj\.weight$/.test(name)
    const value = (): Tensor => (rotary ? asHalves(parameter.value, headDimOf(config)) : parameter.value)
    tensors.push([name, { dtype: stored, shape: parameter.shape, bytes: () => value().cast(dtype).bytes() }])
  }
  await to.write('model.safetensors', safetensorsChunks(tensors, { format: 'pt' }))
  await to.write('generation_config.json', jsonChunks(toHuggingFaceGeneration(generation)))
  for (const [name, value] of Object.entries(json)) await to.write(name, jsonChunks(value))
  await to.write('config.json', jsonChunks(toHuggingFaceConfig(config, { generation, dtype })))
}

/** Rows (2i, 2i + 1) of each head to (i, i + D/2).  [H D, C] -> [H D, C] */
function asHalves(weight: Tensor, headDim: number): Tensor {
  const [rows, columns] = weight.shape as [number, number]
  return weight
    .reshape([rows / headDim, headDim / 2, 2, columns])
    .permute([0, 2, 1, 3])
    .reshape([rows, columns])
}

async function* jsonChunks(value: unknown): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
}
