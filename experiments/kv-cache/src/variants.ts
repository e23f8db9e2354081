/** An attention whose cache is weighed: grouped queries over so many kv heads, or a latent of so many channels and rotary ones. */
export type Variant = {
  readonly name: string
} & (
  | { readonly kind: 'gqa'; readonly kvHeads: number }
  | { readonly kind: 'mla'; readonly latent: number; readonly rotary: number }
)

/** Sizes that all variants share. */
export interface ModelShape {
  readonly vocabSize: number
  /** C. */
  readonly hiddenSize: number
  readonly layers: number
  /** H. */
  readonly heads: number
  /** D: channels of a head; of MLA the ones without a position, and those of the values. */
  readonly headDim: number
  /** Width of the feed-forward of the first variant; the others' make up for what their attention lacks. */
  readonly intermediateSize: number
}

export const SHAPE: ModelShape = {
  vocabSize: 256,
  hiddenSize: 64,
  layers: 4,
  heads: 8,
  headDim: 8,
  intermediateSize: 172,
}

export const VARIANTS: readonly Variant[] = [
  { name: 'MHA, 8 heads', kind: 'gqa', kvHeads: 8 },
  { name: 'GQA, 4 kv heads', kind: 'gqa', kvHeads: 4 },
  { name: 'GQA, 2 kv heads', kind: 'gqa', kvHeads: 2 },
  { name: 'MQA, 1 kv head', kind: 'gqa', kvHeads: 1 },
  { name: 'MLA, 32 + 8', kind: 'mla', latent: 32, rotary: 8 },
  { name: 'MLA, 16 + 8', kind: 'mla', latent: 16, rotary: 8 },
]

/** Parameters of a layer's attention. */
export function attentionParameters(variant: Variant, { hiddenSize: C, heads: H, headDim: D }: ModelShape): number {
  if (variant.kind === 'gqa') return 2 * C * H * D + 2 * C * variant.kvHeads * D
  const { latent, rotary } = variant
  const queries = C * H * (D + rotary)
  const down = C * (latent + rotary) + latent // with the norm of the latent
  const up = latent * H * 2 * D
  return queries + down + up + H * D * C
}

/** The width of the feed-forward (an even number) with which a layer has as many parameters as the first variant's. */
export function feedForwardWidth(variant: Variant, shape: ModelShape): number {
  const [first] = VARIANTS as readonly [Variant]
  const spare = attentionParameters(first, shape) - attentionParameters(variant, shape)
  return 2 * Math.round((shape.intermediateSize + spare / (3 * shape.hiddenSize)) / 2)
}
