import { type CacheStep, cacheBytesPerToken, contiguousCache } from '@almanac/attention'
import { Llama } from '@almanac/language-model'
import {
  type BlockFormat,
  byteLengthOf,
  compile,
  type Device,
  q8_0,
  sizeOf,
  type Tensor,
  tensor,
  tensorFromBytes,
} from '@almanac/tensor-core'
import { Embedding, Linear, Parameter } from '@almanac/tensor-core/nn'
import { openDevice } from './open-device.js'
import type { DecodingSpec, Workload } from './workload.js'

export const SHAPES = {
  'SmolLM2-135M': {
    vocabSize: 49152,
    hiddenSize: 576,
    intermediateSize: 1536,
    layers: 30,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    maxPositions: 1024,
  },
  'Llama-3.2-1B': {
    vocabSize: 128256,
    hiddenSize: 2048,
    intermediateSize: 8192,
    layers: 16,
    heads: 32,
    kvHeads: 8,
    headDim: 64,
    maxPositions: 1024,
  },
  /** For checks of the benchmark itself. */
  tiny: {
    vocabSize: 256,
    hiddenSize: 64,
    intermediateSize: 128,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    headDim: 32,
    maxPositions: 64,
  },
} as const
const FORMATS: Readonly<Record<string, 'bfloat16' | 'float16' | 'float32' | BlockFormat>> = {
  bf16: 'bfloat16',
  f16: 'float16',
  f32: 'float32',
  q8_0,
}
/** Tokens of a turn. */
export const [PREFILL, DECODE] = [256, 32]

/** Random bytes that are small numbers in every format. */
function randomWeight(shape: readonly number[], dtype: (typeof FORMATS)[string]): Tensor {
  if (dtype === 'float32') {
    return tensor(
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((Math.imul(i, 2654435761) >>> 20) - 2048) / 1e5),
      { shape },
    )
  }
  const bytes = new Uint8Array(byteLengthOf(dtype, sizeOf(shape)))
  if (typeof dtype === 'string') {
    const words = new Uint16Array(bytes.buffer)
    // Exponents of about 2^-6, signs and mantissas of a hash.
    for (let i = 0; i < words.length; i++) {
      const hash = Math.imul(i + 1, 2654435761) >>> 16
      words[i] = dtype === 'bfloat16' ? (hash & 0x807f) | 0x3c00 : (hash & 0x83ff) | 0x2400
    }
  } else {
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i + 1, 2654435761) >>> 24
    for (let at = 0; at < bytes.length; at += dtype.bytesPerBlock) {
      bytes[at] = 0x00
      bytes[at + 1] = 0x08 // 2^-13
    }
  }
  return tensorFromBytes(bytes, shape, dtype)
}

export interface DecodingWorkload extends Workload {
  readonly device: Device
  /** `count` tokens from position `start` on. */
  run(count: number, start: number): Promise<unknown>
}

/**
 * Prefill and decoding at batch 1 with random weights, in tokens a second. `read` is what decoding must read for them at least,
 * in GB/s: every weight once a token, and the keys and values of the positions before it.
 */
export async function prepareDecoding(spec: DecodingSpec): Promise<DecodingWorkload> {
  const { threads, backend, prefill: prompt = PREFILL, decode: written = DECODE } = spec
  const device = openDevice(backend, threads)
  const dtype = FORMATS[spec.format] as (typeof FORMATS)[string]
  const config = SHAPES[spec.model as keyof typeof SHAPES]
  const model = new Llama(config)
  for (const [, layer] of model.namedModules()) {
    if (!(layer instanceof Linear || layer instanceof Embedding)) continue
    layer.weight = new Parameter(layer.weight.shape, layer.weight.initializer, { dtype, name: layer.weight.name })
    layer.weight.assign(randomWeight(layer.weight.shape, dtype))
    await layer.weight.value.realize()
    // Where the process allows it (ownProcess): the peak of memory is to be that of the model, not of copies that wait.
    ;(globalThis as { gc?: () => void }).gc?.()
  }
  for (const parameter of model.parameters()) if (parameter.shape.length === 1) parameter.assign(1)
  const cache = contiguousCache({ ...model.cacheShape, sequences: 1, maxLength: config.maxPositions })
  const step = compile((tokens: Tensor, place: CacheStep, last: Tensor) =>
    model.nextLogits(tokens, last, { step: place, layers: cache.layers }),
  )
  const scalar = (value: number) => tensor(value, { dtype: 'int32' })
  const run = async (count: number, start: number) => {
    const ids = Int32Array.from({ length: count }, (_, i) => (i * 7919) % config.vocabSize)
    cache.truncate(0, Math.min(start, cache.length(0)))
    // What was not written before `start` is as it may be.
    cache.reserve(0, start - cache.length(0))
    cache.commit(0, start - cache.length(0))
    const place = cache.step([{ sequence: 0, tokens: count }])
    cache.commit(0, count)
    return (await step(tensor(ids, { shape: [1, count] }), place, scalar(count - 1))).data()
  }
  const prefill = async () => {
    const start = performance.now()
    await run(prompt, 0)
    return (1000 * prompt) / (performance.now() - start)
  }
  const decode = async () => {
    const start = performance.now()
    for (let i = 0; i < written; i++) await run(1, prompt + i)
    return (1000 * written) / (performance.now() - start)
  }
  // The head is the embedding's table: it is read whole for every token.
  const weights = model.parameters().reduce((sum, { shape, dtype }) => sum + byteLengthOf(dtype, sizeOf(shape)), 0)
  const positions = prompt + written / 2
  const bytesAToken = weights + cacheBytesPerToken(model.cacheShape) * positions
  await prefill()
  await decode()
  return {
    device,
    run,
    async turn() {
      const [prefilled, decoded] = [await prefill(), await decode()]
      return { prefill: prefilled, decode: decoded, read: (decoded * bytesAToken) / 1e9 }
    },
    close: () => device.close(),
  }
}
