import { add, and, bitcast, convert, eq, f32, fma, gt, i32, lt, mul, select, shl, shr, sub } from '../expressions.js'
import type { KernelBuilder } from '../kernel-builder.js'
import type { Value } from '../value.js'
import { LN2_HIGH, LN2_LOW } from './exp.js'
import { polynomial } from './polynomial.js'

/** (log(1 + f) - f + f^2 / 2) / f^3 for sqrt(1/2) <= 1 + f <= sqrt(2); relative error of the logarithm 8e-10. */
const TAIL = [
  0.33333313, -0.2500001, 0.20002119, -0.16667996, 0.14219552, -0.12405589, 0.11888162, -0.11675652, 0.06746641,
]
const SQRT_HALF_BITS = 0x3f3504f3
const SMALLEST_NORMAL = 2 ** -126

/**
 * log x = e ln 2 + log m with sqrt(1/2) <= m < sqrt(2), within 2 ulp, subnormal arguments included.
 * log 0 = -Infinity, log Infinity = Infinity, NaN for negative arguments and NaN.
 */
export function log(k: KernelBuilder, x: Value): Value {
  const subnormal = k.let(lt(x, SMALLEST_NORMAL))
  const bits = k.let(bitcast(select(subnormal, mul(x, 2 ** 23), x), 'i32'))
  const e = k.let(shr(sub(bits, i32(SQRT_HALF_BITS)), 23))
  const f = k.let(sub(bitcast(sub(bits, shl(e, 23)), 'f32'), 1))
  const exponent = k.let(sub(convert(e, 'f32'), select(subnormal, f32(23), f32(0))))
  const square = k.let(mul(f, f))
  const tail = fma(mul(f, square), polynomial(f, TAIL), mul(exponent, LN2_LOW))
  const finite = fma(exponent, f32(LN2_HIGH), add(f, fma(square, f32(-0.5), tail)))
  const special = select(eq(x, 0), f32(-Infinity), select(gt(x, 0), x, f32(Number.NaN)))
  return select(and(gt(x, 0), lt(x, Infinity)), finite, special)
}
