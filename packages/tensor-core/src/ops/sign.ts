import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'

/** -1, 0 or 1 by the sign of x; NaN stays NaN. The gradient is 0. */
export const signRecord = defineElementwise({
  name: 'sign',
  domain: 'number',
  reference: ([x]) => Math.sign(x as number),
  kernel: ([a]) => {
    const x = a as Value
    const zero = v.constant(x.type, 0)
    const positive = v.select(v.gt(x, zero), 1, v.sub(x, x))
    return x.type === 'u32'
      ? v.select(v.gt(x, zero), v.constant('u32', 1), zero)
      : v.select(v.lt(x, zero), -1, positive)
  },
  vjp: () => [null],
})

/** Elementwise. -1, 0 or 1 by the sign of x; NaN stays NaN. The gradient is 0.  [...] -> [...] */
export function sign(x: TensorLike): Tensor {
  return apply(signRecord, [asTensor(x)], undefined)
}
