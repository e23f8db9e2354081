import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { comparable } from './comparable.js'
import { defineElementwise } from './elementwise.js'

/** True where a = b; false where either is NaN. No gradient. */
export const eqRecord = defineElementwise({
  name: 'eq',
  domain: 'any',
  output: 'bool',
  reference: ([a, b]) => ((a as number) === (b as number) ? 1 : 0),
  kernel: ([a, b]) => v.eq(comparable(a as Value), comparable(b as Value)),
  vjp: null,
})

/** Elementwise with broadcasting and promotion. True where a = b; false where either is NaN. No gradient. */
export function eq(a: TensorLike, b: TensorLike): Tensor {
  return apply(eqRecord, broadcast('eq', a, b), undefined)
}
