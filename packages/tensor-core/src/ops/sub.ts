import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'
import { neg } from './neg.js'

/** a - b. */
export const subRecord = defineElementwise({
  name: 'sub',
  domain: 'number',
  reference: ([a, b]) => (a as number) - (b as number),
  kernel: ([a, b]) => v.sub(a as Value, b as Value),
  vjp: ({ dy }) => [dy, neg(dy)],
})

/** Elementwise with broadcasting and promotion. a - b. */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return apply(subRecord, broadcast('sub', a, b), undefined)
}
