import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { cast } from './cast.js'
import { gt } from './compare.js'
import { defineElementwise } from './elementwise.js'
import { eq } from './eq.js'
import { mul } from './mul.js'
import { sub } from './sub.js'
import { where } from './where.js'

/** The larger of a and b; NaN if either is. Ties share the gradient equally. */
export const maximumRecord = defineElementwise({
  name: 'maximum',
  domain: 'number',
  reference: ([a, b]) => Math.max(a as number, b as number),
  kernel: ([a, b]) => v.max(a as Value, b as Value),
  vjp: ({ dy, inputs: [a, b] }) => {
    const [x, y] = [a as Tensor, b as Tensor]
    const first = where(gt(x, y), 1, where(eq(x, y), 0.5, 0))
    const share = cast(first, dy.dtype)
    return [mul(dy, share), mul(dy, sub(1, share))]
  },
})

/** Elementwise with broadcasting and promotion. The larger of a and b; NaN if either is. Ties share the gradient equally. */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return apply(maximumRecord, broadcast('maximum', a, b), undefined)
}
