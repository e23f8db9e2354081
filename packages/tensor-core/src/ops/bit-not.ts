import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'

/** Every bit flipped. No gradient. */
export const bitNotRecord = defineElementwise({
  name: 'bitNot',
  domain: 'integer',
  reference: ([x], _, output) => (output === 'uint32' || output === 'uint8' ? ~(x as number) >>> 0 : ~(x as number)),
  kernel: ([x]) => v.bitNot(x as Value),
  vjp: null,
})

/** Elementwise. Every bit flipped. No gradient.  [...] -> [...] */
export function bitNot(x: TensorLike): Tensor {
  return apply(bitNotRecord, [asTensor(x)], undefined)
}
