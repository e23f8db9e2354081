import { isFloat } from '../dtype.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { div } from './div.js'
import { defineElementwise } from './elementwise.js'
import { floor } from './floor.js'
import { mul } from './mul.js'
import { neg } from './neg.js'

/** The remainder of a / b with the sign of b, as in Python: a - floor(a / b) b. An integer modulo 0 is 0. */
export const modRecord = defineElementwise({
  name: 'mod',
  domain: 'number',
  reference: ([a, b], _, output) => {
    const [x, y] = [a as number, b as number]
    if (!isFloat(output) && y === 0) return 0
    const remainder = x % y
    return remainder !== 0 && remainder < 0 !== y < 0 ? remainder + y : remainder
  },
  kernel: ([a, b]) => {
    const [x, y] = [a as Value, b as Value]
    if (x.type === 'u32') return v.rem(x, y)
    if (x.type === 'f32') return v.sub(x, v.mul(v.floor(v.div(x, y)), y))
    const remainder = v.rem(x, y)
    const wrongSign = v.and(v.ne(remainder, 0), v.xor(v.lt(remainder, 0), v.lt(y, 0)))
    return v.select(wrongSign, v.add(remainder, y), remainder)
  },
  vjp: ({ dy, inputs: [a, b] }) => [dy, neg(mul(dy, floor(div(a as Tensor, b as Tensor))))],
})

/** Elementwise with broadcasting and promotion. The remainder of a / b with the sign of b, as in Python: a - floor(a / b) b. An integer modulo 0 is 0. */
export function mod(a: TensorLike, b: TensorLike): Tensor {
  return apply(modRecord, broadcast('mod', a, b), undefined)
}
