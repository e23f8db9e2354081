import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'

/** True where x is false. No gradient. */
export const logicalNotRecord = defineElementwise({
  name: 'logicalNot',
  domain: 'bool',
  reference: ([x]) => (x ? 0 : 1),
  kernel: ([x]) => v.not(x as Value),
  vjp: null,
})

/** Elementwise. True where x is false. No gradient.  [...] -> [...] */
export function logicalNot(x: TensorLike): Tensor {
  return apply(logicalNotRecord, [asTensor(x)], undefined)
}
