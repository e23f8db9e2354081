import { type Tensor, tensorFromBytes } from '@almanac/tensor-core'
import { headDimOf, type LlamaConfig } from '../models/llama-config.js'
import { CheckpointError } from './checkpoint-error.js'

/** A model read from a file: its shape and its values by Hugging Face's names. */
export interface LlamaCheckpoint {
  readonly config: LlamaConfig
  readonly tensors: Map<string, Tensor>
}

const HEADER_BYTES = 28

/**
 * Reads llama2.c's v0 format: seven little-endian int32 (dim, hidden, layers, heads, kv heads, vocabulary, positions), then
 * float32 weights. A negative vocabulary says that the head is a matrix of its own. Source: karpathy/llama2.c, export.py,
 * legacy_export. Throws CheckpointError for a file that is truncated or of another format.
 */
export function readLlama2c(bytes: Uint8Array, where = 'llama2.c checkpoint'): LlamaCheckpoint {
  if (bytes.byteLength < HEADER_BYTES) {
    throw new CheckpointError(
      where,
      `a header of ${HEADER_BYTES} bytes`,
      `a file of ${bytes.byteLength} bytes`,
      'The file is truncated.',
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [dim, hidden, layers, heads, kvHeads, vocabulary, positions] = Array.from({ length: 7 }, (_, i) =>
    view.getInt32(4 * i, true),
  ) as [number, number, number, number, number, number, number]
  const plausible = [dim, hidden, layers, heads, kvHeads, Math.abs(vocabulary), positions].every(
    (n) => n > 0 && n < 2 ** 24,
  )
  if (!plausible || dim % heads !== 0 || heads % kvHeads !== 0 || (dim / heads) % 2 !== 0) {
    throw new CheckpointError(
      where,
      'seven sizes of a Llama (dim, hidden, layers, heads, kv heads, vocabulary, positions)',
      `${[dim, hidden, layers, heads, kvHeads, vocabulary, positions].join(', ')}`,
      'The file is no llama2.c v0 checkpoint.',
    )
  }
  const config: LlamaConfig = {
    vocabSize: Math.abs(vocabulary),
    hiddenSize: dim,
    intermediateSize: hidden,
    layers,
    heads,
    kvHeads,
    maxPositions: positions,
    ropeTheta: 10000,
    ropeInterleaved: true,
    rmsNormEps: 1e-5,
    tieWordEmbeddings: vocabulary > 0,
  }
  const expected = HEADER_BYTES + 4 * layout(config).reduce((total, part) => total + part.size, 0)
  if (bytes.byteLength !== expected) {
    throw new CheckpointError(
      where,
      `${expected} bytes for these sizes`,
      `${bytes.byteLength}`,
      bytes.byteLength < expected ? 'The file is truncated.' : 'The file is of another version or model.',
    )
  }
  const tensors = new Map<string, Tensor>()
  let at = HEADER_BYTES
  for (const part of layout(config)) {
    part.names.forEach((name, i) => {
      const length = (4 * part.size) / part.names.length
      // A copy: the values may start at an offset that no Float32Array can.
      const piece = bytes.slice(at + i * length, at + (i + 1) * length)
      tensors.set(name, tensorFromBytes(piece, part.shape, 'float32'))
    })
    at += 4 * part.size
  }
  return { config, tensors }
}

interface Part {
  /** One tensor a name, laid one after another. None: skipped. */
  readonly names: readonly string[]
  readonly shape: readonly number[]
  /** Floats in all. */
  readonly size: number
}

/** The order of the weights in the file. */
function layout(config: LlamaConfig): Part[] {
  const { vocabSize: V, hiddenSize: C, intermediateSize: F, layers, heads, kvHeads, maxPositions } = config
  const D = headDimOf(config)
  const part = (names: readonly string[], ...shape: number[]): Part => ({
    names,
    shape,
    size: names.length * shape.reduce((a, b) => a * b, 1),
  })
  const each = (name: string, ...shape: number[]) =>
    part(
      Array.from({ length: layers }, (_, i) => `model.layers.${i}.${name}.weight`),
      ...shape,
    )
  const parts = [
    part(['model.embed_tokens.weight'], V, C),
    each('input_layernorm', C),
    each('self_attn.q_proj', heads * D, C),
    each('self_attn.k_proj', kvHeads * D, C),
    each('self_attn.v_proj', kvHeads * D, C),
    each('self_attn.o_proj', C, heads * D),
    each('post_attention_layernorm', C),
    each('mlp.gate_proj', F, C),
    each('mlp.down_proj', C, F),
    each('mlp.up_proj', F, C),
    part(['model.norm.weight'], C),
    // Tables of cosines and sines, which are computed here.
    { names: [], shape: [], size: maxPositions * D },
  ]
  return config.tieWordEmbeddings ? parts : [...parts, part(['lm_head.weight'], V, C)]
}
