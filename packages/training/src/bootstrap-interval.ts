import { ArgumentError, threefry2x32 } from '@almanac/tensor-core'

export interface BootstrapOptions {
  /** Probability that the interval leaves out on both sides together. Default 0.05: a 95 % interval. */
  readonly alpha?: number
  /** Default 10,000. */
  readonly resamples?: number
  /** Default 0. */
  readonly seed?: number
}

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/**
 * The mean of independent values and its percentile interval over resamples with replacement. Paired comparisons take the
 * differences as values; tokens of one window depend on each other, so that a window is one value.
 * Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3. Throws ArgumentError.
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const { alpha = 0.05, resamples = 10_000, seed = 0 } = options
  const n = values.length
  if (n < 2) throw new ArgumentError('bootstrapInterval', 'two values or more', `${n}`)
  if (!(alpha > 0 && alpha < 1)) throw new ArgumentError('bootstrapInterval', 'alpha between 0 and 1', `${alpha}`)
  if (!Number.isSafeInteger(resamples) || resamples < 100)
    throw new ArgumentError('bootstrapInterval', '100 resamples or more', `${resamples}`)
  let sum = 0
  for (let i = 0; i < n; i++) sum += values[i] as number
  const means = new Float64Array(resamples)
  for (let r = 0; r < resamples; r++) {
    let total = 0
    for (let i = 0; i < n; i += 2) {
      const [a, b] = threefry2x32(seed, r, i, 1)
      total += values[Math.floor(((a >>> 0) / 2 ** 32) * n)] as number
      if (i + 1 < n) total += values[Math.floor(((b >>> 0) / 2 ** 32) * n)] as number
    }
    means[r] = total / n
  }
  means.sort()
  const quantile = (q: number) => means[Math.min(resamples - 1, Math.max(0, Math.round(q * (resamples - 1))))] as number
  return { mean: sum / n, low: quantile(alpha / 2), high: quantile(1 - alpha / 2) }
}
