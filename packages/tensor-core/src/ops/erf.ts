import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'
import { erfReference } from './erf-reference.js'
import { exp } from './exp.js'
import { mul } from './mul.js'
import { neg } from './neg.js'

/** The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erfRecord = defineElementwise({
  name: 'erf',
  domain: 'float',
  reference: ([x]) => erfReference(x as number),
  kernel: ([x]) => v.erf(x as Value),
  vjp: ({ dy, inputs: [x] }) => [mul(dy, mul(exp(neg(mul(x as Tensor, x as Tensor))), 2 / Math.sqrt(Math.PI)))],
})

/** Elementwise. The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.  [...] -> [...] */
export function erf(x: TensorLike): Tensor {
  return apply(erfRecord, [asTensor(x)], undefined)
}
