import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { broadcast } from './broadcast.js'
import { defineElementwise } from './elementwise.js'

/** a / 2^b rounded down: arithmetic for signed, logical for unsigned; b from 0 to 31. No gradient. */
export const shiftRightRecord = defineElementwise({
  name: 'shiftRight',
  domain: 'integer',
  reference: ([a, b], _, output) =>
    output === 'uint32' || output === 'uint8' ? (a as number) >>> (b as number) : (a as number) >> (b as number),
  kernel: ([a, b]) => v.shr(a as Value, b as Value),
  vjp: null,
})

/** Elementwise with broadcasting and promotion. a / 2^b rounded down: arithmetic for signed, logical for unsigned; b from 0 to 31. No gradient. */
export function shiftRight(a: TensorLike, b: TensorLike): Tensor {
  return apply(shiftRightRecord, broadcast('shiftRight', a, b), undefined)
}
