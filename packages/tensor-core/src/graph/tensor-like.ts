import { full } from '../ops/full.js'
import { State } from '../state/state.js'
import { Tensor } from './tensor.js'

/** What ops take: a tensor, a State (read as it is now), or a number (float32 unless the other operand says otherwise). */
export type TensorLike = Tensor | State | number

export function asTensor(value: TensorLike): Tensor {
  if (value instanceof Tensor) return value
  if (value instanceof State) return value.value
  return full([], value, 'float32')
}
