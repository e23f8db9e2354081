import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { cos } from './cos.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'

/** Sine of radians. dy/dx = cos x. */
export const sinRecord = defineElementwise({
  name: 'sin',
  domain: 'float',
  reference: ([x]) => Math.sin(x as number),
  kernel: ([x]) => v.sin(x as Value),
  vjp: ({ dy, inputs: [x] }) => [mul(dy, cos(x as Tensor))],
})

/** Elementwise sine of radians. dy/dx = cos x.  [...] -> [...] */
export function sin(x: TensorLike): Tensor {
  return apply(sinRecord, [asTensor(x)], undefined)
}
