/** What the mean of n values lies within on both sides with 95 %, in standard errors, by n - 1. */
const QUANTILES = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/**
 * The mean of a few independent values and its 95 % interval: Student's t, for as few as three seeds. Student 1908,
 * Biometrika 6. Throws RangeError for fewer than two values or more than eleven.
 */
export function studentInterval(values: readonly number[]): Interval {
  const n = values.length
  const quantile = QUANTILES[n - 2]
  if (quantile === undefined) throw new RangeError(`studentInterval: expected 2 to 11 values, got ${n}.`)
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  const half = quantile * Math.sqrt(variance / n)
  return { mean, low: mean - half, high: mean + half }
}
