import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'

/** a * 2^b, the bits that leave are lost; b from 0 to 31. No gradient. */
export const shiftLeftRecord = defineElementwise({
  name: 'shiftLeft',
  domain: 'integer',
  reference: ([a, b]) => (a as number) << (b as number),
  kernel: ([a, b]) => v.shl(a as Value, b as Value),
  vjp: null,
})

/** Elementwise with broadcasting and promotion. a * 2^b, the bits that leave are lost; b from 0 to 31. No gradient. */
export function shiftLeft(a: TensorLike, b: TensorLike): Tensor {
  return apply(shiftLeftRecord, broadcast('shiftLeft', a, b), undefined)
}
