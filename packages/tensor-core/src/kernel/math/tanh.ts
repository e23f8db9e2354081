import { abs, add, and, bitcast, div, exp, f32, fma, i32, lt, mul, or, select, sub } from '../expressions.js'
import type { KernelBuilder } from '../kernel-builder.js'
import type { Value } from '../value.js'
import { polynomial } from './polynomial.js'

/** (tanh x - x) / x^3 in x^2, for |x| <= 0.625; relative error of tanh 5e-9. */
const TAIL = [-0.3333328, 0.13331442, -0.053739715, 0.020639086, -0.0057049864]
const SIGN = -0x80000000

/** tanh x = 1 - 2 / (e^2x + 1); by a polynomial where that would cancel, so that tiny arguments come back exact. */
export function tanh(k: KernelBuilder, x: Value): Value {
  const magnitude = k.let(abs(x))
  const square = k.let(mul(x, x))
  const small = fma(mul(x, square), polynomial(square, TAIL), x)
  const large = sub(f32(1), div(f32(2), add(exp(mul(magnitude, 2)), 1)))
  const signed = bitcast(or(bitcast(large, 'i32'), and(bitcast(x, 'i32'), i32(SIGN))), 'f32')
  return select(lt(magnitude, 0.625), small, signed)
}
