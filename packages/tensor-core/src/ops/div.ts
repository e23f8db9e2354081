import { isFloat } from '../dtype.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { cast } from './cast.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'
import { neg } from './neg.js'

/** a / b for floats; integers are divided with `floorDiv` or cast first. */
export const divRecord = defineElementwise({
  name: 'div',
  domain: 'float',
  reference: ([a, b]) => (a as number) / (b as number),
  kernel: ([a, b]) => v.div(a as Value, b as Value),
  vjp: ({ dy, inputs: [, b], outputs: [y] }) => {
    const da = div(dy, b as Tensor)
    return [da, neg(mul(da, y as Tensor))]
  },
})

/** a / b elementwise with broadcasting. Integers are divided as float32; `floorDivide` keeps them whole. */
export function div(a: TensorLike, b: TensorLike): Tensor {
  const operands = broadcast('div', a, b)
  const exact = isFloat((operands[0] as Tensor).dtype) ? operands : operands.map((x) => cast(x, 'float32'))
  return apply(divRecord, exact, undefined)
}
