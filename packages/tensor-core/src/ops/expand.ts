import { ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { formatShape, type Shape, sameShape } from '../shape.js'
import { expandView } from '../view.js'
import { checkNoBlocks } from './check-no-blocks.js'
import { checkShape } from './check-shape.js'
import type { TensorSpec, ViewRecord } from './op-record.js'
import { reshape } from './reshape.js'
import { sum } from './sum.js'

/** Broadcasting to a shape. Its gradient, a sum, is the only place where broadcasting is undone. */
export const expandRecord: ViewRecord<{ readonly shape: Shape }> = {
  kind: 'view',
  name: 'expand',
  infer([x], { shape }) {
    const input = x as TensorSpec
    checkNoBlocks('expand', input.dtype)
    const lead = shape.length - input.shape.length
    if (lead < 0 || input.shape.some((n, axis) => n !== 1 && n !== shape[axis + lead])) {
      throw new ShapeError('expand', `a shape that ${formatShape(input.shape)} broadcasts to`, formatShape(shape))
    }
    return [{ shape, dtype: input.dtype }]
  },
  view: (input, { shape }) => expandView(input, shape),
  vjp: ({ dy, inputs: [x] }) => {
    const { shape } = x as Tensor
    const lead = dy.rank - shape.length
    const axes = dy.shape.flatMap((n, axis) => (axis < lead || (shape[axis - lead] === 1 && n !== 1) ? [axis] : []))
    return [reshape(sum(dy, axes), shape)]
  },
}

/** x broadcast to `shape` by numpy's rule; no data is copied. Throws ShapeError. */
export function expand(x: TensorLike, shape: Shape): Tensor {
  const tensor = asTensor(x)
  checkShape('expand', shape)
  return sameShape(tensor.shape, shape) ? tensor : apply(expandRecord, [tensor], { shape })
}
