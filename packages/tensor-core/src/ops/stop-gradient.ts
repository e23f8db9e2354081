import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import type { TensorSpec, ViewRecord } from './op-record.js'

/** x, as a constant to `grad`. */
export const stopGradientRecord: ViewRecord<undefined> = {
  kind: 'view',
  name: 'stopGradient',
  infer: ([x]) => [x as TensorSpec],
  view: (input) => input,
  vjp: () => [null],
}

/** x, through which no gradient flows. */
export function stopGradient(x: TensorLike): Tensor {
  return apply(stopGradientRecord, [asTensor(x)], undefined)
}
