import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'

/** The nearest whole number, halves to the even one. The gradient is 0. */
export const roundHalfEvenRecord = defineElementwise({
  name: 'roundHalfEven',
  domain: 'float',
  reference: ([x]) => {
    const value = x as number
    const below = Math.floor(value)
    const rest = value - below
    if (rest !== 0.5) return Math.round(value)
    return below % 2 === 0 ? below : below + 1
  },
  kernel: ([x]) => v.roundEven(x as Value),
  vjp: () => [null],
})

/** Elementwise. The nearest whole number, halves to the even one. The gradient is 0.  [...] -> [...] */
export function roundHalfEven(x: TensorLike): Tensor {
  return apply(roundHalfEvenRecord, [asTensor(x)], undefined)
}
