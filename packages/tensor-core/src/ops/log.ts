import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { div } from './div.js'
import { defineElementwise } from './elementwise.js'

/** Natural logarithm. dy/dx = 1 / x. */
export const logRecord = defineElementwise({
  name: 'log',
  domain: 'float',
  reference: ([x]) => Math.log(x as number),
  kernel: ([x]) => v.log(x as Value),
  vjp: ({ dy, inputs: [x] }) => [div(dy, x as Tensor)],
})

/** Elementwise natural logarithm. dy/dx = 1 / x.  [...] -> [...] */
export function log(x: TensorLike): Tensor {
  return apply(logRecord, [asTensor(x)], undefined)
}
