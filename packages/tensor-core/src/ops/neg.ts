import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'

/** -x. dy/dx = -1. */
export const negRecord = defineElementwise({
  name: 'neg',
  domain: 'number',
  reference: ([x]) => -(x as number),
  kernel: ([x]) => v.neg(x as Value),
  vjp: ({ dy }) => [neg(dy)],
})

/** Elementwise -x. dy/dx = -1.  [...] -> [...] */
export function neg(x: TensorLike): Tensor {
  return apply(negRecord, [asTensor(x)], undefined)
}
