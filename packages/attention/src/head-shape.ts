import { ArgumentError } from '@almanac/tensor-core'

/** How many heads of how many channels. */
export interface HeadShape {
  /** H. */
  readonly heads: number
  /** KV. */
  readonly kvHeads: number
  /** D. */
  readonly headDim: number
}

/** Refuses sizes that are no whole numbers above 0. Throws ArgumentError, naming the size. */
export function checkSizes(where: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new ArgumentError(where, `${name} as a whole number above 0`, `${size}`)
    }
  }
}

/** The heads of a module, with their defaults: KV = H, D = C / H. Throws ArgumentError. */
export function headShapeOf(
  where: string,
  options: {
    readonly hiddenSize: number
    readonly heads: number
    readonly kvHeads?: number
    readonly headDim?: number
  },
): HeadShape {
  const { hiddenSize: C, heads: H, kvHeads: KV = H } = options
  checkSizes(where, { hiddenSize: C, heads: H, kvHeads: KV })
  if (H % KV !== 0) {
    throw new ArgumentError(
      where,
      `heads as a multiple of kvHeads (${KV})`,
      `${H}`,
      'Each kv head serves heads / kvHeads query heads: take a divisor of heads.',
    )
  }
  if (options.headDim === undefined && C % H !== 0) {
    throw new ArgumentError(where, `hiddenSize as a multiple of heads (${H})`, `${C}`, 'Or give headDim.')
  }
  const { headDim = C / H } = options
  checkSizes(where, { headDim })
  return { heads: H, kvHeads: KV, headDim }
}
