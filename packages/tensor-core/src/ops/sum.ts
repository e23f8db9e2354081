import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { normalizeAxes, reducedShape } from './axes.js'
import { cast } from './cast.js'
import { checkDomain } from './elementwise.js'
import { expand } from './expand.js'
import type { ReduceRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'

/** Sum over axes. */
export const sumRecord: ReduceRecord = {
  kind: 'reduce',
  name: 'sum',
  combine: 'sum',
  infer([x], { axes }) {
    const { shape, dtype } = x as TensorSpec
    checkDomain('sum', 'number', dtype)
    return [{ shape: reducedShape(shape, axes, false), dtype }]
  },
  vjp: ({ dy, inputs: [x], attributes: { axes } }) => [
    expand(reshape(dy, reducedShape((x as Tensor).shape, axes, true)), (x as Tensor).shape),
  ],
}

/** Sum over axes (all by default); bools are counted in int32. `keepDims` leaves the axes with extent 1. */
export function sum(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  const tensor = asTensor(x)
  const list = normalizeAxes('sum', axes, tensor.rank)
  const operand = tensor.dtype === 'bool' ? cast(tensor, 'int32') : tensor
  const y = list.length === 0 ? operand : apply(sumRecord, [operand], { axes: list })
  return keepDims ? reshape(y, reducedShape(tensor.shape, list, true)) : y
}
