import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'

/** The largest whole number not above x. The gradient is 0. */
export const floorRecord = defineElementwise({
  name: 'floor',
  domain: 'float',
  reference: ([x]) => Math.floor(x as number),
  kernel: ([x]) => v.floor(x as Value),
  vjp: () => [null],
})

/** Elementwise the largest whole number not above x. The gradient is 0.  [...] -> [...] */
export function floor(x: TensorLike): Tensor {
  return apply(floorRecord, [asTensor(x)], undefined)
}
