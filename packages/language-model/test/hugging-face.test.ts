import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RopeScaling } from '@almanac/attention'
import { cpuDevice, key, setDefaultDevice, tensor } from '@almanac/tensor-core'
import { bytesSource, parseSafetensors, serializeSafetensors } from '@almanac/tensor-core/safetensors'
import { sharedData, skipNote } from '@almanac/test-kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  CheckpointError,
  generate,
  Llama,
  type LlamaConfig,
  llamaOf,
  type ModelFiles,
  type ModelWriter,
  readLlama,
  readLlama2c,
  readLlama2cTokenizer,
  writeLlama,
} from '../src/index.js'

const CONFIG: LlamaConfig = {
  vocabSize: 40,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  maxPositions: 32,
  ropeTheta: 500000,
}
const IDS = tensor(Int32Array.from([1, 5, 39, 0, 7, 7, 2]), { shape: [1, 7] })

/** Files in memory, readable and writable. */
function memoryFiles(): ModelFiles & ModelWriter & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>()
  return {
    files,
    async read(name) {
      const bytes = files.get(name)
      return bytes ? bytesSource(bytes) : null
    },
    async write(name, chunks) {
      const parts: Uint8Array[] = []
      for await (const chunk of chunks) parts.push(chunk.slice())
      files.set(name, new Uint8Array(Buffer.concat(parts)))
    },
  }
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const parsed = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes))

beforeEach(() => {
  setDefaultDevice(cpuDevice())
})

describe('a Llama in Hugging Face files', () => {
  it.each([
    { tieWordEmbeddings: true },
    { tieWordEmbeddings: false },
    { kvHeads: 4, headDim: 6 },
    { maxPositions: 64, rmsNormEps: 1e-6 },
  ])('%o reads back to identical logits', async (changes) => {
    const model = new Llama({ ...CONFIG, ...changes }).init(key(3))
    const store = memoryFiles()
    await writeLlama(store, model)
    expect([...store.files.keys()]).toEqual(['model.safetensors', 'generation_config.json', 'config.json'])
    const names = [...parseSafetensors(store.files.get('model.safetensors') as Uint8Array).tensors.keys()]
    expect(names.includes('lm_head.weight')).toBe(changes.tieWordEmbeddings === false)
    const back = llamaOf(await readLlama(store))
    expect(await back.forward(IDS).data()).toEqual(await model.forward(IDS).data())
  })

  it.each<RopeScaling>([
    { kind: 'llama3', factor: 32, originalMaxPositions: 8, lowFreqFactor: 1, highFreqFactor: 4 },
    { kind: 'linear', factor: 2 },
    { kind: 'yarn', factor: 4, originalMaxPositions: 16, betaFast: 8 },
  ])('carries scaled rotary positions: $kind', async (ropeScaling) => {
    const model = new Llama({ ...CONFIG, ropeScaling }).init(key(4))
    const store = memoryFiles()
    await writeLlama(store, model)
    const read = await readLlama(store)
    expect(read.config.ropeScaling).toEqual(ropeScaling)
    const [expected, got] = [await model.forward(IDS).data(), await llamaOf(read).forward(IDS).data()]
    expect(got).toEqual(expected)
    const plain = new Llama(CONFIG).init(key(4))
    expect(await plain.forward(IDS).data()).not.toEqual(expected)
  })

  it('carries rotary pairs of neighbours over to halves', async () => {
    const model = new Llama({ ...CONFIG, ropeInterleaved: true }).init(key(4))
    const store = memoryFiles()
    await writeLlama(store, model)
    const read = await readLlama(store)
    expect(read.config.ropeInterleaved).toBeUndefined()
    const [expected, got] = [await model.forward(IDS).data(), await llamaOf(read).forward(IDS).data()]
    for (let i = 0; i < expected.length; i++) expect(got[i]).toBeCloseTo(expected[i] as number, 5)
  })

  it.skipIf(!sharedData('stories260K.bin'))('writes the same story from a converted llama2.c file', async () => {
    const model = llamaOf(readLlama2c(readFileSync(sharedData('stories260K.bin') as string)))
    const tokenizer = readLlama2cTokenizer(readFileSync(sharedData('tok512.bin') as string))
    const story = async (of: Llama) => {
      let text = ''
      for await (const piece of generate(of, tokenizer, '', { temperature: 0, maxTokens: 60 })) text += piece
      return text
    }
    const store = memoryFiles()
    await writeLlama(store, model)
    expect(await story(llamaOf(await readLlama(store)))).toBe(await story(model))
  })
  if (!sharedData('stories260K.bin')) console.log(skipNote('the converted story', 'stories260K.bin'))

  it('keeps bfloat16 values in half the bytes', async () => {
    const model = new Llama(CONFIG).init(key(5))
    const [full, half] = [memoryFiles(), memoryFiles()]
    await writeLlama(full, model)
    await writeLlama(half, model, { dtype: 'bfloat16' })
    const size = (store: typeof full) => store.files.get('model.safetensors')?.length as number
    expect(size(half)).toBeLessThan(0.6 * size(full))
    expect(parsed(half.files.get('config.json'))['torch_dtype']).toBe('bfloat16')
    const { tensors } = await readLlama(half)
    expect(tensors.get('model.norm.weight')?.dtype).toBe('bfloat16')
    const rounded = await model.model.embed_tokens.weight.value.cast('bfloat16').cast('float32').data()
    expect(await llamaOf({ config: CONFIG, tensors }).model.embed_tokens.weight.value.data()).toEqual(rounded)
  })

  it('carries token ids and sampling defaults', async () => {
    const store = memoryFiles()
    const generation = { bosId: 1, eosIds: [2, 3], temperature: 0.6, topP: 0.9 }
    await writeLlama(store, new Llama(CONFIG).init(key(1)), { generation, json: { 'tokenizer.json': { a: 1 } } })
    expect((await readLlama(store)).generation).toEqual(generation)
    expect(parsed(store.files.get('tokenizer.json'))).toEqual({ a: 1 })
    store.files.delete('generation_config.json')
    expect((await readLlama(store)).generation).toEqual({ bosId: 1, eosIds: [2, 3] })
  })

  it('reads shards and a head that repeats the embedding', async () => {
    const model = new Llama(CONFIG).init(key(6))
    const store = memoryFiles()
    await writeLlama(store, model)
    const { tensors } = parseSafetensors(store.files.get('model.safetensors') as Uint8Array)
    store.files.delete('model.safetensors')
    const all = new Map([...tensors, ['lm_head.weight', tensors.get('model.embed_tokens.weight')] as const])
    const names = [...all.keys()]
    const weightMap: Record<string, string> = {}
    for (const part of [0, 1]) {
      const file = `model-0000${part + 1}-of-00002.safetensors`
      const mine = names.filter((_, i) => i % 2 === part)
      store.files.set(file, serializeSafetensors(mine.map((name) => [name, all.get(name)] as never)))
      for (const name of mine) weightMap[name] = file
    }
    store.files.set('model.safetensors.index.json', json({ metadata: {}, weight_map: weightMap }))
    const back = llamaOf(await readLlama(store))
    expect(await back.forward(IDS).data()).toEqual(await model.forward(IDS).data())
  })
})

describe('what is refused', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'almanac-model-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const written = async () => {
    const store = memoryFiles()
    await writeLlama(store, new Llama(CONFIG).init(key(1)))
    return store
  }

  it('a folder without a model, by its path', async () => {
    await expect(readLlama(folder)).rejects.toThrow(
      `${folder}/config.json: expected a file, got none. Name the folder that holds config.json and model.safetensors.`,
    )
    const store = await written()
    for (const [name, bytes] of store.files) await writeFile(join(folder, name), bytes)
    await rm(join(folder, 'model.safetensors'))
    expect(await readdir(folder)).toEqual(['config.json', 'generation_config.json'])
    await expect(readLlama(folder)).rejects.toThrow(
      `${folder}/model.safetensors: expected a file, got none. Save the model with writeLlama, or fetch model.safetensors.`,
    )
    await writeFile(join(folder, 'config.json'), '{"vocab_size": ')
    await expect(readLlama(folder)).rejects.toThrow(/config\.json: expected JSON, got .*The file is damaged\.$/)
  })

  it.each([
    [
      { model_type: 'mixtral' },
      'config.json: expected model_type "llama", got "mixtral". Only Llama checkpoints are read here.',
    ],
    [
      { attention_bias: true },
      'config.json: expected attention_bias false, got true. This variant is not supported yet.',
    ],
    [{ hidden_act: 'gelu' }, 'config.json: expected hidden_act "silu", got "gelu". This variant is not supported yet.'],
    [
      { rope_scaling: { rope_type: 'longrope', factor: 8 } },
      'config.json, rope_scaling: expected rope_type default or linear, llama3, yarn, got "longrope". It is not supported yet.',
    ],
    [
      { rope_scaling: { rope_type: 'llama3', factor: 8 } },
      'config.json, rope_scaling: expected original_max_position_embeddings for rope_type llama3, got none.',
    ],
    [
      { rope_scaling: { type: 'yarn', factor: 40, original_max_position_embeddings: 4096, mscale: 1 } },
      'config.json, rope_scaling: expected fields of rope_type yarn that are built here, got mscale 1. This variant is not supported yet.',
    ],
    [
      { num_hidden_layers: 'two' },
      'config.json: expected num_hidden_layers as a number above 0, got "two". The file is incomplete.',
    ],
    [
      { vocab_size: 41 },
      'config.json: expected a vocab_size of 40, the rows of model.embed_tokens.weight [40, 16], got 41. The files are of two models.',
    ],
  ])('%j', async (changes, message) => {
    const store = await written()
    store.files.set('config.json', json({ ...parsed(store.files.get('config.json')), ...changes }))
    const error = await readLlama(store).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(CheckpointError)
    expect((error as Error).message).toBe(message)
  })

  it('an index that leads out of the folder', async () => {
    const store = await written()
    store.files.set('model.safetensors.index.json', json({ weight_map: { a: '../../secret' } }))
    await expect(readLlama(store)).rejects.toThrow(
      'model.safetensors.index.json: expected a weight_map of plain file names, got {"a":"../../secret"}.',
    )
  })

  it('weights of another model, listing them', async () => {
    const store = await written()
    store.files.set('config.json', json({ ...parsed(store.files.get('config.json')), intermediate_size: 32 }))
    await expect(readLlama(store).then(llamaOf)).rejects.toThrow(
      /other shapes: model\.layers\.0\.mlp\.gate_proj\.weight \[24, 16\] for \[32, 16\]/,
    )
  })
})
