import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { normalizeAxes, reducedShape } from './axes.js'

import { checkDomain } from './elementwise.js'
import type { ReduceRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'
import { shareAmongTies } from './share-among-ties.js'

/** Maximum over axes; NaN if any is. Ties share the gradient equally. */
export const amaxRecord: ReduceRecord = {
  kind: 'reduce',
  name: 'amax',
  combine: 'max',
  infer([x], { axes }) {
    const { shape, dtype } = x as TensorSpec
    checkDomain('amax', 'number', dtype)
    return [{ shape: reducedShape(shape, axes, false), dtype }]
  },
  vjp: ({ dy, inputs: [x], outputs: [y], attributes: { axes } }) => [
    shareAmongTies(x as Tensor, y as Tensor, dy, axes),
  ],
}

/** Maximum over axes; NaN if any is. Ties share the gradient equally (all by default); bools are refused. `keepDims` leaves the axes with extent 1. */
export function amax(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  const tensor = asTensor(x)
  const list = normalizeAxes('amax', axes, tensor.rank)
  const operand = tensor
  const y = list.length === 0 ? operand : apply(amaxRecord, [operand], { axes: list })
  return keepDims ? reshape(y, reducedShape(tensor.shape, list, true)) : y
}
