import type { Tolerance } from './tolerances.js'

/**
 * Throws unless |actual[i] - expected[i]| <= atol + rtol * |expected[i]| for every i. NaN equals NaN, infinities equal
 * themselves. The message names the element that is furthest outside its bound.
 *
 * @param label  what is compared, for the message
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol }: Tolerance,
  label = 'values',
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${label}: expected ${expected.length} values, got ${actual.length}.`)
  }
  let worst = -1
  let worstExcess = 1
  let outside = 0
  for (let i = 0; i < actual.length; i++) {
    const excess = excessOf(actual[i], expected[i], rtol, atol)
    if (excess <= 1) continue
    outside++
    if (excess > worstExcess) {
      worst = i
      worstExcess = excess
    }
  }
  if (worst < 0) return
  throw new Error(
    `${label}: ${outside} of ${actual.length} values are outside rtol ${rtol} and atol ${atol}. ` +
      `Worst at index ${worst}: expected ${expected[worst]}, got ${actual[worst]} ` +
      `(difference ${Math.abs(actual[worst] - expected[worst])}, allowed ${atol + rtol * Math.abs(expected[worst])}).`,
  )
}

/** The error as a multiple of what is allowed; infinite where one value is not finite and the other differs. */
function excessOf(actual: number, expected: number, rtol: number, atol: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0
  const difference = Math.abs(actual - expected)
  if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY
  const allowed = atol + rtol * Math.abs(expected)
  return allowed === 0 ? Number.POSITIVE_INFINITY : difference / allowed
}
