import { ArgumentError, byteLengthOf, type ScalarDType } from '@almanac/tensor-core'

/** Keys and values of kv heads, [M, KV, D] and [M, KV, Dv] a layer. Ainslie et al. 2023, arXiv 2305.13245. */
export interface HeadCells {
  readonly kvHeads: number
  /** D. */
  readonly headDim: number
  /** Dv. Default D. */
  readonly valueDim?: number
  /**
   * Default float32. int8 comes with scales float32 [M, KV, 2]: what the key and the value of a token and head are multiplied
   * by.
   */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16' | 'int8'
}

/**
 * A latent vector and a rotated key, shared by all heads, [M, 1, dc + dR] a layer; the values are the latent. DeepSeek-AI
 * 2024, arXiv 2405.04434, section 2.1.
 */
export interface LatentCells {
  /** dc. */
  readonly latentDim: number
  /** dR. */
  readonly ropeDim: number
  /** Default float32. */
  readonly dtype?: 'float32' | 'float16' | 'bfloat16'
}

/** What a layer keeps of a token. */
export type CacheCells = HeadCells | LatentCells

/** One of the tensors that a layer keeps: [M, ...row]. */
export interface CacheCell {
  readonly name: 'k' | 'v' | 'scales'
  readonly row: readonly number[]
  readonly dtype: ScalarDType
}

export const isLatent = (cells: CacheCells): cells is LatentCells => 'latentDim' in cells

/** The tensors of a layer. Throws ArgumentError for counts below 1, with `name` as where. */
export function cacheCells(cells: CacheCells, name = 'cacheCells'): readonly CacheCell[] {
  const { dtype = 'float32' } = cells
  if (isLatent(cells)) {
    const { latentDim, ropeDim } = cells
    checkCounts(name, { latentDim, ropeDim })
    return [{ name: 'k', row: [1, latentDim + ropeDim], dtype }]
  }
  const { kvHeads, headDim, valueDim = headDim } = cells
  checkCounts(name, { kvHeads, headDim, valueDim })
  const keysAndValues: CacheCell[] = [
    { name: 'k', row: [kvHeads, headDim], dtype },
    { name: 'v', row: [kvHeads, valueDim], dtype },
  ]
  return dtype === 'int8' ? [...keysAndValues, { name: 'scales', row: [kvHeads, 2], dtype: 'float32' }] : keysAndValues
}

/** Bytes that so many places of a cell take. */
export const cellBytes = ({ row, dtype }: CacheCell, places: number): number =>
  byteLengthOf(
    dtype,
    row.reduce((a, b) => a * b, places),
  )

export function checkCounts(where: string, counts: Readonly<Record<string, number>>): void {
  for (const [what, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new ArgumentError(where, `${what} as a whole number from 1`, `${count}`)
  }
}
