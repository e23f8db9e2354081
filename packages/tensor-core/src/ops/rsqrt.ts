import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'

/** 1 / sqrt(x). dy/dx = -y^3 / 2. */
export const rsqrtRecord = defineElementwise({
  name: 'rsqrt',
  domain: 'float',
  reference: ([x]) => 1 / Math.sqrt(x as number),
  kernel: ([x]) => v.div(1, v.sqrt(x as Value)),
  vjp: ({ dy, outputs: [y] }) => [mul(dy, mul(mul(mul(y as Tensor, y as Tensor), y as Tensor), -0.5))],
})

/** Elementwise 1 / sqrt(x). dy/dx = -y^3 / 2.  [...] -> [...] */
export function rsqrt(x: TensorLike): Tensor {
  return apply(rsqrtRecord, [asTensor(x)], undefined)
}
