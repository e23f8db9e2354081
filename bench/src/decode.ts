// Prefill of 256 tokens and decoding at batch 1 of models with random weights: SmolLM2-135M's shape and Llama-3.2-1B's. With
// --peers llama.cpp runs the same shape (F16 beside bf16) in turns.
import { parseArgs } from 'node:util'
import { contiguousCache } from '@almanac/attention'
import { Llama } from '@almanac/language-model'
import {
  type BlockFormat,
  byteLengthOf,
  compile,
  measurePeaks,
  profile,
  profileTable,
  q8_0,
  setDefaultDevice,
  sizeOf,
  type Tensor,
  tensor,
  tensorFromBytes,
  wasmDevice,
} from '@almanac/tensor-core'
import { Embedding, Linear, Parameter } from '@almanac/tensor-core/nn'
import { type LlamaCppRow, llamaCpp } from './shared/llama-cpp-peer.js'
import { median } from './shared/median.js'
import { peakMiB } from './shared/peak-memory.js'
import { writeResult } from './shared/write-result.js'

const SHAPES = {
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
} as const
const FORMATS: Readonly<Record<string, 'bfloat16' | 'float16' | 'float32' | BlockFormat>> = {
  bf16: 'bfloat16',
  f16: 'float16',
  f32: 'float32',
  q8_0,
}
const [PREFILL, DECODE] = [256, 32]

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    model: { type: 'string', default: 'SmolLM2-135M' },
    format: { type: 'string', multiple: true, default: ['bf16', 'q8_0'] },
    threads: { type: 'string', multiple: true, default: ['2'] },
    rounds: { type: 'string', default: '5' },
    profile: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

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

async function prepare(shape: keyof typeof SHAPES, format: string, threads: number) {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  const dtype = FORMATS[format] as (typeof FORMATS)[string]
  const config = SHAPES[shape]
  const model = new Llama(config)
  for (const [, layer] of model.namedModules()) {
    if (!(layer instanceof Linear || layer instanceof Embedding)) continue
    layer.weight = new Parameter(layer.weight.shape, layer.weight.initializer, { dtype, name: layer.weight.name })
    layer.weight.assign(randomWeight(layer.weight.shape, dtype))
    await layer.weight.value.realize()
  }
  for (const parameter of model.parameters()) if (parameter.shape.length === 1) parameter.assign(1)
  const cache = contiguousCache({
    layers: config.layers,
    sequences: 1,
    maxLength: config.maxPositions,
    kvHeads: config.kvHeads,
    headDim: config.headDim,
  })
  const step = compile((tokens: Tensor, start: Tensor, last: Tensor) =>
    model.nextLogits(tokens, last, { start, layers: cache.layers }),
  )
  const scalar = (value: number) => tensor(value, { dtype: 'int32' })
  const run = async (count: number, start: number) => {
    const ids = Int32Array.from({ length: count }, (_, i) => (i * 7919) % config.vocabSize)
    return (await step(tensor(ids, { shape: [1, count] }), scalar(start), scalar(count - 1))).data()
  }
  const prefill = async () => {
    const start = performance.now()
    await run(PREFILL, 0)
    return (1000 * PREFILL) / (performance.now() - start)
  }
  const decode = async () => {
    const start = performance.now()
    for (let i = 0; i < DECODE; i++) await run(1, PREFILL + i)
    return (1000 * DECODE) / (performance.now() - start)
  }
  await prefill()
  await decode()
  return { device, prefill, decode, run }
}

const rows: Record<string, string | number>[] = []
const emit = (row: Record<string, string | number>) => {
  rows.push(row)
  if (values.json) console.log(JSON.stringify(row))
}

for (const threads of values.threads.map(Number)) {
  for (const format of values.format) {
    const shape = values.model as keyof typeof SHAPES
    const ours = await prepare(shape, format, threads)
    const [prefills, decodes]: [number[], number[]] = [[], []]
    const peak = peakMiB()
    const peerFormat = format === 'q8_0' ? 'q8_0' : 'f16'
    const peer = values.peers ? llamaCpp(SHAPES[shape], peerFormat, { prefill: PREFILL, decode: DECODE }) : null
    const theirs: LlamaCppRow[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      prefills.push(await ours.prefill())
      decodes.push(await ours.decode())
      const row = peer?.run(threads)
      if (typeof row === 'string') console.error(`llama.cpp: ${row}`)
      else if (row) theirs.push(row)
    }
    peer?.close()
    const [prefill, decode] = [median(prefills), median(decodes)]
    emit({
      bench: 'decode',
      system: 'almanac wasm',
      model: shape,
      format,
      threads,
      prefill: Math.round(prefill),
      decode: Number(decode.toFixed(1)),
      peakMiB: peak,
    })
    if (theirs.length > 0) {
      const of = (name: keyof LlamaCppRow) => median(theirs.map((row) => row[name]))
      emit({
        bench: 'decode',
        system: 'llama.cpp',
        model: shape,
        format: peerFormat,
        threads,
        prefill: Math.round(of('prefill')),
        decode: Number(of('decode').toFixed(1)),
        peakMiB: of('residentMiB'),
        prefillRatio: Number((prefill / of('prefill')).toFixed(3)),
        decodeRatio: Number((decode / of('decode')).toFixed(3)),
      })
    }
    if (values.profile) {
      const peaks = await measurePeaks(ours.device)
      for (const count of [1, PREFILL]) {
        console.log(`${format}, ${count} tokens`)
        console.log(profileTable(await profile(() => ours.run(count, count === 1 ? PREFILL : 0)), peaks))
      }
    }
    await ours.device.close()
  }
}
if (!values.json) console.table(rows)
writeResult('decode', rows)
