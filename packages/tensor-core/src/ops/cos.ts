import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'
import { mul } from './mul.js'
import { neg } from './neg.js'
import { sin } from './sin.js'

/** Cosine of radians. dy/dx = -sin x. */
export const cosRecord = defineElementwise({
  name: 'cos',
  domain: 'float',
  reference: ([x]) => Math.cos(x as number),
  kernel: ([x]) => v.cos(x as Value),
  vjp: ({ dy, inputs: [x] }) => [neg(mul(dy, sin(x as Tensor)))],
})

/** Elementwise cosine of radians. dy/dx = -sin x.  [...] -> [...] */
export function cos(x: TensorLike): Tensor {
  return apply(cosRecord, [asTensor(x)], undefined)
}
