import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { normalizeAxes, reducedShape } from './axes.js'

import { checkDomain } from './elementwise.js'
import type { ReduceRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'
import { shareAmongTies } from './share-among-ties.js'

/** Minimum over axes; NaN if any is. Ties share the gradient equally. */
export const aminRecord: ReduceRecord = {
  kind: 'reduce',
  name: 'amin',
  combine: 'min',
  infer([x], { axes }) {
    const { shape, dtype } = x as TensorSpec
    checkDomain('amin', 'number', dtype)
    return [{ shape: reducedShape(shape, axes, false), dtype }]
  },
  vjp: ({ dy, inputs: [x], outputs: [y], attributes: { axes } }) => [
    shareAmongTies(x as Tensor, y as Tensor, dy, axes),
  ],
}

/** Minimum over axes; NaN if any is. Ties share the gradient equally (all by default); bools are refused. `keepDims` leaves the axes with extent 1. */
export function amin(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  const tensor = asTensor(x)
  const list = normalizeAxes('amin', axes, tensor.rank)
  const operand = tensor
  const y = list.length === 0 ? operand : apply(aminRecord, [operand], { axes: list })
  return keepDims ? reshape(y, reducedShape(tensor.shape, list, true)) : y
}
