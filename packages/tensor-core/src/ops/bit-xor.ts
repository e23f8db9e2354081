import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'

/** Bitwise exclusive or of integers, logical exclusive or of bools. No gradient. */
export const bitXorRecord = defineElementwise({
  name: 'bitXor',
  domain: 'bits',
  reference: ([a, b], _, output) => {
    const bits = (a as number) ^ (b as number)
    return output === 'uint32' ? bits >>> 0 : bits
  },
  kernel: ([a, b]) => v.xor(a as Value, b as Value),
  vjp: null,
})

/** Elementwise with broadcasting and promotion. Bitwise exclusive or of integers, logical exclusive or of bools. No gradient. */
export function bitXor(a: TensorLike, b: TensorLike): Tensor {
  return apply(bitXorRecord, broadcast('bitXor', a, b), undefined)
}
