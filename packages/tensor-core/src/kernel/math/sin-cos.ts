import {
  add,
  and,
  bitcast,
  convert,
  eq,
  f32,
  fma,
  i32,
  max,
  min,
  mul,
  roundEven,
  select,
  shl,
  xor,
} from '../expressions.js'
import type { KernelBuilder } from '../kernel-builder.js'
import type { Value } from '../value.js'
import { polynomial } from './polynomial.js'

/** (sin r - r) / r^3 in r^2, for |r| <= pi/4; error 4e-9. */
const SIN_TAIL = [-0.16666655, 0.008332176, -0.00019516978]
/** (cos r - 1 + r^2 / 2) / r^4 in r^2; error 1e-10. */
const COS_TAIL = [0.041666646, -0.0013887364, 2.4438092e-5]
/** pi/2 in three parts, the first two of 8 bits: their products with a whole number up to 2^16 are exact. */
const HALF_PI = [201 / 128, 0.0004825592041015625, 1.2675908e-6] as const

/**
 * Sine and cosine. Cody and Waite's reduction in three parts: absolute error below 1e-6 for |x| <= 1e5. Beyond, the
 * error grows with |x| and the result is only known to lie in [-1, 1]; NaN and infinities give NaN.
 */
function quarterTurns(k: KernelBuilder, x: Value, turn: number): Value {
  const n = k.let(roundEven(mul(x, 2 / Math.PI)))
  let r = x
  for (const part of HALF_PI) r = fma(n, f32(-part), r)
  r = k.let(min(max(r, -0.8), 0.8))
  const square = k.let(mul(r, r))
  const sine = fma(mul(r, square), polynomial(square, SIN_TAIL), r)
  const cosine = fma(mul(square, square), polynomial(square, COS_TAIL), fma(square, f32(-0.5), f32(1)))
  const quadrant = k.let(add(convert(n, 'i32'), i32(turn)))
  const value = select(eq(and(quadrant, i32(1)), 0), sine, cosine)
  return bitcast(xor(bitcast(value, 'i32'), shl(and(quadrant, i32(2)), 30)), 'f32')
}

export const sin = (k: KernelBuilder, x: Value): Value => quarterTurns(k, x, 0)
export const cos = (k: KernelBuilder, x: Value): Value => quarterTurns(k, x, 1)
