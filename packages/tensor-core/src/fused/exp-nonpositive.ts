import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import { LN2_HIGH, LN2_LOW } from '../kernel/math/exp.js'
import { polynomial } from '../kernel/math/polynomial.js'
import type { Value } from '../kernel/value.js'

/** (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2; relative error of e^r 3e-9. As in `kernel/math/exp`. */
const TAIL = [0.5, 0.16666518, 0.041666202, 0.00836897, 0.0013950631]
/** Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. */
const ROUND = 12582912
/** Below it 2^n may be no normal number. */
const LEAST = -87

/**
 * e^x for x up to 0 (or as little above as rounding carries it), within 2 ulp: what softmax and sigmoid need, cheaper than
 * `exp`. Results below e^-87 (1.6e-38) are 0; a NaN stays one.
 */
export function expNonPositive(k: KernelBuilder, x: Value): Value {
  const shifted = k.let(v.fma(x, v.f32(Math.LOG2E), v.f32(ROUND)))
  const n = k.let(v.sub(shifted, ROUND))
  const r = k.let(v.fma(n, v.f32(-LN2_LOW), v.fma(n, v.f32(-LN2_HIGH), x)))
  const y = v.add(v.fma(v.mul(r, r), polynomial(r, TAIL), r), 1)
  // The bits of ROUND itself leave by the top.
  const powerOfTwo = v.bitcast(v.shl(v.add(v.bitcast(shifted, 'i32'), 127), 23), 'f32')
  return v.select(v.lt(x, LEAST), 0, v.mul(y, powerOfTwo))
}
