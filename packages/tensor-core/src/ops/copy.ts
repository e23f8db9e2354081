import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import type { Value } from '../kernel/value.js'
import { defineElementwise } from './elementwise.js'

/** The same elements in a buffer of their own. */
export const copyRecord = defineElementwise({
  name: 'copy',
  domain: 'any',
  reference: ([x]) => x as number,
  kernel: ([x]) => x as Value,
  vjp: ({ dy }) => [dy],
})

/** A copy of x: what to realise of a State's value to keep it when the State moves on. */
export function copy(x: TensorLike): Tensor {
  return apply(copyRecord, [asTensor(x)], undefined)
}
