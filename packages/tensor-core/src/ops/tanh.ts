import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'
import { sub } from './sub.js'

/** Hyperbolic tangent. dy/dx = 1 - y^2. */
export const tanhRecord = defineElementwise({
  name: 'tanh',
  domain: 'float',
  reference: ([x]) => Math.tanh(x as number),
  kernel: ([x]) => v.tanh(x as Value),
  vjp: ({ dy, outputs: [y] }) => [mul(dy, sub(1, mul(y as Tensor, y as Tensor)))],
})

/** Elementwise hyperbolic tangent. dy/dx = 1 - y^2.  [...] -> [...] */
export function tanh(x: TensorLike): Tensor {
  return apply(tanhRecord, [asTensor(x)], undefined)
}
