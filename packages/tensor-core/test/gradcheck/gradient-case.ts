import type { GradcheckInput } from '@almanac/test-kit'
import type { Tensor } from '../../src/index.js'

/** One function whose gradient is compared with finite differences. */
export interface GradientCase {
  readonly of: string
  readonly inputs: readonly GradcheckInput[]
  readonly fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[]
  /** Smooth around the inputs: the gradient of the gradient is checked as well. */
  readonly smooth: boolean
  /** The narrow float that values pass through, whose rounding a float32 run shows. Default: none. */
  readonly narrow?: 'float16' | 'bfloat16'
}

/** A case of a function that is smooth around its inputs. */
export function smooth(of: string, inputs: readonly GradcheckInput[], fn: GradientCase['fn']): GradientCase {
  return { of, inputs, fn, smooth: true }
}

/** A case of a function with kinks or constant pieces: only its gradient is checked. */
export function piecewise(of: string, inputs: readonly GradcheckInput[], fn: GradientCase['fn']): GradientCase {
  return { of, inputs, fn, smooth: false }
}

/**
 * Distinct values between `low` and `high` in a scrambled order, evenly apart, none of them at a whole or half number for
 * the extents used here; `phase` keeps the values of two inputs apart.
 */
export function spread(shape: readonly number[], low = -1.4137, high = 1.4863, phase = 0): GradcheckInput {
  const n = shape.reduce((a, b) => a * b, 1)
  // Steps of a number without a common divisor visit every place once.
  let step = Math.max(1, Math.floor(n * 0.618))
  const divides = (a: number, b: number): number => (b === 0 ? a : divides(b, a % b))
  while (divides(step, n) > 1) step++
  const values = Array.from(
    { length: n },
    (_, i) => low + ((high - low) * (((i * step) % n) + 0.5 + phase)) / (n + phase),
  )
  return { shape, values }
}

/** Values above 0, where logarithms and roots are smooth. */
export function positive(shape: readonly number[], phase = 0): GradcheckInput {
  return spread(shape, 0.31, 2.17, phase)
}
