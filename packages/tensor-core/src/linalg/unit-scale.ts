import type { Matrix } from './matrix.js'

/**
 * A copy of the data divided by a power of two so that its largest magnitude lies in [0.5, 1), and that power.
 * Exact but for denormals, and it keeps squared norms of any finite matrix from overflowing.
 */
export function toUnitScale(a: Matrix): { data: Float64Array; scale: number } {
  let largest = 0
  for (const value of a.data) largest = Math.max(largest, Math.abs(value))
  if (largest === 0) return { data: a.data.slice(), scale: 1 }
  // 2^1024 is not a float64, so the largest magnitudes end in [1, 2) instead. log2 may be off by a step: harmless.
  const exponent = Math.min(1023, Math.max(-1022, Math.floor(Math.log2(largest)) + 1))
  const scale = 2 ** exponent
  return { data: a.data.map((value) => value / scale), scale }
}
