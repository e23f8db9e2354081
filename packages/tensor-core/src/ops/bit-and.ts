import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'

/** Bitwise and of integers, logical and of bools. No gradient. */
export const bitAndRecord = defineElementwise({
  name: 'bitAnd',
  domain: 'bits',
  reference: ([a, b], _, output) => {
    const bits = (a as number) & (b as number)
    return output === 'uint32' ? bits >>> 0 : bits
  },
  kernel: ([a, b]) => v.and(a as Value, b as Value),
  vjp: null,
})

/** Elementwise with broadcasting and promotion. Bitwise and of integers, logical and of bools. No gradient. */
export function bitAnd(a: TensorLike, b: TensorLike): Tensor {
  return apply(bitAndRecord, broadcast('bitAnd', a, b), undefined)
}
