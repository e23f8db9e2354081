import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'

/** e^x. dy/dx = y. */
export const expRecord = defineElementwise({
  name: 'exp',
  domain: 'float',
  reference: ([x]) => Math.exp(x as number),
  kernel: ([x]) => v.exp(x as Value),
  vjp: ({ dy, outputs: [y] }) => [mul(dy, y as Tensor)],
})

/** Elementwise e^x. dy/dx = y.  [...] -> [...] */
export function exp(x: TensorLike): Tensor {
  return apply(expRecord, [asTensor(x)], undefined)
}
