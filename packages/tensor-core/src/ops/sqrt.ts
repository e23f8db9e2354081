import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { div } from './div.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'

/** Square root. dy/dx = 1 / (2 y). */
export const sqrtRecord = defineElementwise({
  name: 'sqrt',
  domain: 'float',
  reference: ([x]) => Math.sqrt(x as number),
  kernel: ([x]) => v.sqrt(x as Value),
  vjp: ({ dy, outputs: [y] }) => [div(dy, mul(y as Tensor, 2))],
})

/** Elementwise square root. dy/dx = 1 / (2 y).  [...] -> [...] */
export function sqrt(x: TensorLike): Tensor {
  return apply(sqrtRecord, [asTensor(x)], undefined)
}
