import { isFloat } from '../dtype.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'

/** floor(a / b). An integer divided by 0 is 0. The gradient is 0. */
export const floorDivideRecord = defineElementwise({
  name: 'floorDivide',
  domain: 'number',
  reference: ([a, b], _, output) => (b === 0 && !isFloat(output) ? 0 : Math.floor((a as number) / (b as number))),
  kernel([a, b]) {
    const [x, y] = [a as Value, b as Value]
    if (x.type === 'f32') return v.floor(v.div(x, y))
    const quotient = v.div(x, y)
    if (x.type === 'u32') return quotient
    const rounded = v.and(v.ne(v.rem(x, y), 0), v.xor(v.lt(x, 0), v.lt(y, 0)))
    return v.select(v.and(rounded, v.ne(y, 0)), v.sub(quotient, 1), quotient)
  },
  vjp: () => [null, null],
})

/** Elementwise floor(a / b) with broadcasting and promotion. */
export function floorDivide(a: TensorLike, b: TensorLike): Tensor {
  return apply(floorDivideRecord, broadcast('floorDivide', a, b), undefined)
}
