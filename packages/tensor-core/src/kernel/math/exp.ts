import { add, bitcast, convert, f32, fma, i32, max, min, mul, roundEven, shl, shr, sub } from '../expressions.js'
import type { KernelBuilder } from '../kernel-builder.js'
import type { Value } from '../value.js'
import { polynomial } from './polynomial.js'

/** (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2; relative error of e^r 3e-9. */
const TAIL = [0.5, 0.16666518, 0.041666202, 0.00836897, 0.0013950631]
/** ln 2 in two parts; a whole number up to 2^15 times the first is exact. */
export const LN2_HIGH = 355 / 512
export const LN2_LOW = -0.00021219444

/**
 * e^x = 2^n e^r with n = round(x / ln 2), within 1 ulp (2 where the machine has no fused multiply-add). Infinity above
 * 88.72, subnormal results below -87.34, 0 below -103.97; a NaN stays one.
 */
export function exp(k: KernelBuilder, x: Value): Value {
  const bounded = k.let(min(max(x, -104), 89))
  const n = k.let(roundEven(mul(bounded, Math.LOG2E)))
  const r = k.let(fma(n, f32(-LN2_LOW), fma(n, f32(-LN2_HIGH), bounded)))
  const y = add(fma(mul(r, r), polynomial(r, TAIL), r), 1)
  // In two halves, because 2^n alone leaves the exponent's range before the product does.
  const whole = k.let(convert(n, 'i32'))
  const half = k.let(shr(whole, 1))
  return mul(mul(y, powerOfTwo(half)), powerOfTwo(sub(whole, half)))
}

/** 2^n for -126 <= n <= 127. */
const powerOfTwo = (n: Value): Value => bitcast(shl(add(n, i32(127)), 23), 'f32')
