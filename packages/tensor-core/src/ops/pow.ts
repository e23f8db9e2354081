import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'
import { eq } from './eq.js'
import { log } from './log.js'
import { lt } from './lt.js'
import { mul } from './mul.js'
import { sub } from './sub.js'
import { where } from './where.js'

/** a to the power b. The gradient by b is 0 where a <= 0. */
export const powRecord = defineElementwise({
  name: 'pow',
  domain: 'float',
  reference: ([a, b]) => (a as number) ** (b as number),
  kernel: ([a, b]) => {
    // |a|^b through exp and log, with the sign that whole exponents bring; x^0 is 1 and 0^b falls out of log 0 = -inf.
    const [x, y] = [a as Value, b as Value]
    const magnitude = v.exp(v.mul(y, v.log(v.abs(x))))
    const whole = v.eq(v.floor(y), y)
    const half = v.mul(y, 0.5)
    const odd = v.ne(v.floor(half), half)
    const negative = v.select(whole, v.select(odd, v.neg(magnitude), magnitude), v.constant('f32', Number.NaN))
    const result = v.select(v.lt(x, 0), negative, magnitude)
    return v.select(v.eq(y, 0), 1, result)
  },
  vjp: ({ dy, inputs: [a, b], outputs: [y] }) => {
    const [x, n] = [a as Tensor, b as Tensor]
    const positive = lt(0, x)
    const logX = log(where(positive, x, 1))
    // x^0 is 1 everywhere: 0 * x^-1 must not give NaN at 0.
    const slope = where(eq(n, 0), 0, mul(n, pow(x, sub(n, 1))))
    return [mul(dy, slope), mul(dy, where(positive, mul(y as Tensor, logX), 0))]
  },
})

/** Elementwise with broadcasting and promotion. a to the power b. The gradient by b is 0 where a <= 0. */
export function pow(a: TensorLike, b: TensorLike): Tensor {
  return apply(powRecord, broadcast('pow', a, b), undefined)
}
