import { closeSync, openSync, writeSync } from 'node:fs'

/** The shape of a Llama in a GGUF file. */
export interface GgufShape {
  readonly vocabSize: number
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly maxPositions: number
}

export type GgufFormat = 'f16' | 'q8_0'
const TYPE = { f32: 0, f16: 1, q8_0: 8 } as const
const ALIGNMENT = 32

type MetadataValue = string | number | { readonly float: number } | { readonly strings: readonly string[] }

/** Bytes of GGUF's header, values little-endian: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
function headerWriter() {
  const parts: Buffer[] = []
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    parts.push(bytes)
  }
  const u64 = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(value))
    parts.push(bytes)
  }
  const text = (value: string) => {
    const bytes = Buffer.from(value)
    u64(bytes.length)
    parts.push(bytes)
  }
  const f32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(value)
    parts.push(bytes)
  }
  const metadata = (key: string, value: MetadataValue) => {
    text(key)
    if (typeof value === 'string') {
      u32(8)
      text(value)
    } else if (typeof value === 'number') {
      u32(4)
      u32(value)
    } else if ('float' in value) {
      u32(6)
      f32(value.float)
    } else {
      u32(9)
      u32(8)
      u64(value.strings.length)
      for (const each of value.strings) text(each)
    }
  }
  return { parts, u32, u64, text, metadata }
}

/** Writes a model with random weights, which llama.cpp loads: for measuring only. */
export function writeGgufModel(file: string, shape: GgufShape, format: GgufFormat): void {
  const { vocabSize: V, hiddenSize: C, intermediateSize: F, layers, heads, kvHeads, headDim: D } = shape
  const tensors: { name: string; rows: number; columns: number; type: keyof typeof TYPE }[] = []
  const matrix = (name: string, rows: number, columns: number) => tensors.push({ name, rows, columns, type: format })
  const norm = (name: string) => tensors.push({ name, rows: 1, columns: C, type: 'f32' })
  matrix('token_embd.weight', V, C)
  norm('output_norm.weight')
  for (let i = 0; i < layers; i++) {
    norm(`blk.${i}.attn_norm.weight`)
    matrix(`blk.${i}.attn_q.weight`, heads * D, C)
    matrix(`blk.${i}.attn_k.weight`, kvHeads * D, C)
    matrix(`blk.${i}.attn_v.weight`, kvHeads * D, C)
    matrix(`blk.${i}.attn_output.weight`, C, heads * D)
    norm(`blk.${i}.ffn_norm.weight`)
    matrix(`blk.${i}.ffn_gate.weight`, F, C)
    matrix(`blk.${i}.ffn_up.weight`, F, C)
    matrix(`blk.${i}.ffn_down.weight`, C, F)
  }
  const bytesOf = ({ rows, columns, type }: (typeof tensors)[number]) =>
    type === 'f32' ? 4 * rows * columns : type === 'f16' ? 2 * rows * columns : (rows * columns * 34) / 32
  const aligned = (n: number) => Math.ceil(n / ALIGNMENT) * ALIGNMENT

  const head = headerWriter()
  const metadata: [string, MetadataValue][] = [
    ['general.architecture', 'llama'],
    ['llama.block_count', layers],
    ['llama.context_length', shape.maxPositions],
    ['llama.embedding_length', C],
    ['llama.feed_forward_length', F],
    ['llama.attention.head_count', heads],
    ['llama.attention.head_count_kv', kvHeads],
    ['llama.attention.layer_norm_rms_epsilon', { float: 1e-5 }],
    ['llama.rope.dimension_count', D],
    ['llama.rope.freq_base', { float: 10000 }],
    ['llama.vocab_size', V],
    ['tokenizer.ggml.model', 'no_vocab'],
  ]
  head.parts.push(Buffer.from('GGUF'))
  head.u32(3)
  head.u64(tensors.length)
  head.u64(metadata.length)
  for (const [key, value] of metadata) head.metadata(key, value)
  let offset = 0
  for (const tensor of tensors) {
    head.text(tensor.name)
    head.u32(tensor.rows === 1 ? 1 : 2)
    head.u64(tensor.columns)
    if (tensor.rows > 1) head.u64(tensor.rows)
    head.u32(TYPE[tensor.type])
    head.u64(offset)
    offset += aligned(bytesOf(tensor))
  }
  const header = Buffer.concat(head.parts)
  const out = openSync(file, 'w')
  writeSync(out, header)
  writeSync(out, Buffer.alloc(aligned(header.length) - header.length))
  for (const tensor of tensors) {
    const bytes = Buffer.alloc(aligned(bytesOf(tensor)))
    fill(bytes, tensor.type)
    writeSync(out, bytes)
  }
  closeSync(out)
}

/** Small numbers by a hash; the scales of packed blocks are 2^-13. */
function fill(bytes: Buffer, type: keyof typeof TYPE): void {
  const hash = (i: number) => Math.imul(i + 1, 2654435761) >>> 16
  if (type === 'f32') new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4).fill(1)
  else if (type === 'f16') {
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
    for (let i = 0; i < words.length; i++) words[i] = (hash(i) & 0x83ff) | 0x2400
  } else {
    for (let i = 0; i < bytes.length; i++) bytes[i] = hash(i)
    for (let at = 0; at + 34 <= bytes.length; at += 34) bytes.writeUInt16LE(0x0800, at)
  }
}
