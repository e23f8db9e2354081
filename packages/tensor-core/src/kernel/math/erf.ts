import { abs, and, bitcast, exp, f32, i32, lt, min, mul, or, select, sub } from '../expressions.js'
import type { KernelBuilder } from '../kernel-builder.js'
import type { Value } from '../value.js'
import { polynomial } from './polynomial.js'

/** erf(x) / x in x^2, for |x| <= 1; relative error 2e-9. */
const SMALL = [1.1283791, -0.37612626, 0.112835854, -0.026853813, 0.0051883277, -0.00080101937, 7.8538615e-5]
/** log(1 - erf(x)), for 1 <= x <= 4; absolute error of erf 1e-9. */
const LARGE = [-0.00035371952, -1.12704, -0.6382257, -0.10303737, 0.021805318, -0.0029396072, 0.00018557401]
const SIGN = -0x80000000

/** The error function, within 2e-7 everywhere and relatively so near 0. From 4 on it is 1 in float32. */
export function erf(k: KernelBuilder, x: Value): Value {
  const magnitude = k.let(min(abs(x), 4))
  const square = k.let(mul(magnitude, magnitude))
  const large = sub(f32(1), exp(polynomial(magnitude, LARGE)))
  const signed = bitcast(or(bitcast(large, 'i32'), and(bitcast(x, 'i32'), i32(SIGN))), 'f32')
  return select(lt(magnitude, 1), mul(x, polynomial(square, SMALL)), signed)
}
