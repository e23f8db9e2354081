import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'

/** a + b. */
export const addRecord = defineElementwise({
  name: 'add',
  domain: 'number',
  reference: ([a, b]) => (a as number) + (b as number),
  kernel: ([a, b]) => v.add(a as Value, b as Value),
  vjp: ({ dy }) => [dy, dy],
})

/** Elementwise with broadcasting and promotion. a + b. */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return apply(addRecord, broadcast('add', a, b), undefined)
}
