import { type RopeScaling, ropeFrequencies } from '@almanac/attention'
import { ArgumentError } from '@almanac/tensor-core'

/** The shape of a Llama, in the terms of Hugging Face's config.json. A type, not an interface, so that it is plain JSON. */
export type LlamaConfig = {
  readonly vocabSize: number
  /** C, the width of the residual stream. */
  readonly hiddenSize: number
  /** F, the width of the feed-forward layer. */
  readonly intermediateSize: number
  readonly layers: number
  /** H query heads of D = hiddenSize / H (or `headDim`). */
  readonly heads: number
  /** Key and value heads; H is a multiple of it (grouped-query attention). */
  readonly kvHeads: number
  readonly headDim?: number
  /** Longest sequence. */
  readonly maxPositions: number
  /** Default 10000. */
  readonly ropeTheta?: number
  /** How rotary positions reach beyond the trained length, as in Llama 3.1 and 3.2. Default: not at all. */
  readonly ropeScaling?: RopeScaling
  /** Rotary pairs are neighbours (2i, 2i+1), as in llama2.c, not (i, i + D/2), as in Hugging Face's files. Default false. */
  readonly ropeInterleaved?: boolean
  /** Default 1e-5. */
  readonly rmsNormEps?: number
  /** The head is the embedding's transpose. Default true. */
  readonly tieWordEmbeddings?: boolean
}

/** Refuses a config that describes no model. Throws ArgumentError, naming the field. */
export function checkLlamaConfig(config: LlamaConfig): void {
  const sizes = ['vocabSize', 'hiddenSize', 'intermediateSize', 'layers', 'heads', 'kvHeads', 'maxPositions'] as const
  for (const name of sizes) {
    const size = config[name]
    if (!Number.isSafeInteger(size) || size < 1)
      throw new ArgumentError('LlamaConfig', `${name} as a whole number above 0`, `${size}`)
  }
  if (config.heads % config.kvHeads !== 0) {
    throw new ArgumentError('LlamaConfig', `heads as a multiple of kvHeads (${config.kvHeads})`, `${config.heads}`)
  }
  if (config.headDim === undefined && config.hiddenSize % config.heads !== 0) {
    throw new ArgumentError(
      'LlamaConfig',
      `hiddenSize as a multiple of heads (${config.heads})`,
      `${config.hiddenSize}`,
    )
  }
  if (headDimOf(config) % 2 !== 0) {
    throw new ArgumentError('LlamaConfig', 'an even head dimension, for rotary pairs', `${headDimOf(config)}`)
  }
  // Refuses a scaling that is none.
  ropeFrequencies(headDimOf(config), config.ropeTheta, config.ropeScaling)
}

/** D. */
export function headDimOf(config: LlamaConfig): number {
  return config.headDim ?? config.hiddenSize / config.heads
}
