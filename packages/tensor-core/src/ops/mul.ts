import { isFloat } from '../dtype.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'

/** a * b. */
export const mulRecord = defineElementwise({
  name: 'mul',
  domain: 'number',
  reference: ([a, b], _, output) =>
    isFloat(output) ? (a as number) * (b as number) : Math.imul(a as number, b as number),
  kernel: ([a, b]) => v.mul(a as Value, b as Value),
  vjp: ({ dy, inputs: [a, b] }) => [mul(dy, b as Tensor), mul(dy, a as Tensor)],
})

/** Elementwise with broadcasting and promotion. a * b. */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return apply(mulRecord, broadcast('mul', a, b), undefined)
}
