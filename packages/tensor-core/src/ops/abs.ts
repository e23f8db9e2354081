import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'
import { sign } from './sign.js'

/** |x|. dy/dx = sign x, 0 at 0. */
export const absRecord = defineElementwise({
  name: 'abs',
  domain: 'number',
  reference: ([x]) => Math.abs(x as number),
  kernel: ([x]) => v.abs(x as Value),
  vjp: ({ dy, inputs: [x] }) => [mul(dy, sign(x as Tensor))],
})

/** Elementwise |x|. dy/dx = sign x, 0 at 0.  [...] -> [...] */
export function abs(x: TensorLike): Tensor {
  return apply(absRecord, [asTensor(x)], undefined)
}
