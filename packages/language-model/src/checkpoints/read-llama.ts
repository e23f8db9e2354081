import { formatShape, type Tensor, tensorFromBytes } from '@almanac/tensor-core'
import { loadStateDict } from '@almanac/tensor-core/nn'
import { fromSafetensorsDType, openSafetensors, type SafetensorsFile } from '@almanac/tensor-core/safetensors'
import { Llama } from '../models/llama.js'
import { CheckpointError } from './checkpoint-error.js'
import { fromHuggingFaceConfig, fromHuggingFaceGeneration, type GenerationConfig } from './hugging-face-config.js'
import type { LlamaCheckpoint } from './llama2c.js'
import { folderFiles, type ModelFiles } from './model-files.js'

/** A Llama read from Hugging Face's files. */
export interface HuggingFaceLlama extends LlamaCheckpoint {
  readonly generation: GenerationConfig
}

const WEIGHTS = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'
const HEAD = 'lm_head.weight'
const EMBEDDING = 'model.embed_tokens.weight'

/**
 * Reads a Llama of Hugging Face's layout: config.json, generation_config.json where there is one, and model.safetensors or
 * the shards that model.safetensors.index.json names. Values keep the dtype of the file (float32, float16, bfloat16).
 * `from` is a folder (in Node) or anything that gives files by name. A head that is stored although it is the embedding
 * is dropped; one that is missing from an untied model is the embedding (as transformers reads it).
 *
 * Rejects with CheckpointError for missing or contradictory files, SafetensorsError for damaged ones.
 */
export async function readLlama(from: string | ModelFiles): Promise<HuggingFaceLlama> {
  const files = typeof from === 'string' ? folderFiles(from) : from
  const place = typeof from === 'string' ? `${from}/` : ''
  const configJson = await readJson(files, 'config.json', place)
  if (configJson === null) {
    throw new CheckpointError(
      `${place}config.json`,
      'a file',
      'none',
      'Name the folder that holds config.json and model.safetensors.',
    )
  }
  const stored = fromHuggingFaceConfig(configJson, `${place}config.json`)
  const generation = fromHuggingFaceGeneration(await readJson(files, 'generation_config.json', place), configJson)
  const tensors = await readWeights(files, place)
  const config = { ...stored, tieWordEmbeddings: (stored.tieWordEmbeddings ?? false) || !tensors.has(HEAD) }
  if (config.tieWordEmbeddings) tensors.delete(HEAD)
  checkVocabulary(tensors.get(EMBEDDING), config.vocabSize, place)
  return { config, generation, tensors }
}

/** The model of a checkpoint, with its values. Throws StateDictError where names or shapes do not fit the config. */
export function llamaOf({ config, tensors }: LlamaCheckpoint): Llama {
  const model = new Llama(config)
  loadStateDict(model, tensors)
  return model
}

async function readWeights(files: ModelFiles, place: string): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>()
  const index = await readJson(files, INDEX, place)
  const names = index === null ? [WEIGHTS] : shardsOf(index, `${place}${INDEX}`)
  for (const name of names) {
    const where = `${place}${name}`
    const source = await files.read(name)
    if (!source) {
      const hint = index === null ? `Save the model with writeLlama, or fetch ${WEIGHTS}.` : `${INDEX} names it.`
      throw new CheckpointError(where, 'a file', 'none', hint)
    }
    try {
      await readShard(await openSafetensors(source, { where }), where, tensors)
    } finally {
      await source.close?.()
    }
  }
  return tensors
}

async function readShard(file: SafetensorsFile, where: string, tensors: Map<string, Tensor>): Promise<void> {
  for (const [name, entry] of file.tensors) {
    const dtype = fromSafetensorsDType(entry.dtype)
    if (!dtype) {
      throw new CheckpointError(where, 'tensors of float32, float16 or bfloat16', `${entry.dtype} for ${name}`)
    }
    // A copy: a view would keep its source, and need not lie where a float may begin.
    tensors.set(name, tensorFromBytes((await file.read(name)).bytes.slice(), entry.shape, dtype))
  }
}

function shardsOf(index: unknown, where: string): string[] {
  const map = (index as { weight_map?: unknown }).weight_map
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))].sort() : []
  const plain = (name: unknown) => typeof name === 'string' && /^[\w.-]+$/.test(name) && !name.startsWith('.')
  if (names.length > 0 && names.every(plain)) return names as string[]
  throw new CheckpointError(where, 'a weight_map of plain file names', JSON.stringify(map)?.slice(0, 60) ?? 'none')
}

function checkVocabulary(embedding: Tensor | undefined, vocabSize: number, place: string): void {
  if (embedding && embedding.shape[0] !== vocabSize) {
    throw new CheckpointError(
      `${place}config.json`,
      `a vocab_size of ${embedding.shape[0]}, the rows of ${EMBEDDING} ${formatShape(embedding.shape)}`,
      `${vocabSize}`,
      'The files are of two models.',
    )
  }
}

const MAX_JSON_BYTES = 64 * 2 ** 20

async function readJson(files: ModelFiles, name: string, place: string): Promise<unknown> {
  const source = await files.read(name)
  if (!source) return null
  try {
    if (source.size > MAX_JSON_BYTES) {
      throw new CheckpointError(`${place}${name}`, `at most ${MAX_JSON_BYTES} bytes`, `${source.size}`)
    }
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await source.read(0, source.size)))
  } catch (error) {
    if (error instanceof CheckpointError) throw error
    throw new CheckpointError(`${place}${name}`, 'JSON', (error as Error).message, 'The file is damaged.')
  } finally {
    await source.close?.()
  }
}
