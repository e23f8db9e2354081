import { isBlock } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { formatShape, type Shape, sameShape, sizeOf } from '../shape.js'
import { reshapeView } from '../view.js'
import { checkShape } from './check-shape.js'
import type { TensorSpec, ViewRecord } from './op-record.js'

/** The same elements in row-major order under another shape. */
export const reshapeRecord: ViewRecord<{ readonly shape: Shape }> = {
  kind: 'view',
  name: 'reshape',
  infer([x], { shape }) {
    const input = x as TensorSpec
    if (sizeOf(shape) !== sizeOf(input.shape)) {
      throw new ShapeError(
        'reshape',
        `a shape of ${sizeOf(input.shape)} elements as ${formatShape(input.shape)} has`,
        formatShape(shape),
      )
    }
    if (isBlock(input.dtype) && (shape[shape.length - 1] ?? 1) % input.dtype.blockSize !== 0) {
      throw new ShapeError(
        'reshape',
        `a last axis of whole ${input.dtype.name} blocks (${input.dtype.blockSize})`,
        formatShape(shape),
      )
    }
    return [{ shape, dtype: input.dtype }]
  },
  view: (input, { shape }) => reshapeView(input, shape),
  vjp: ({ dy, inputs: [x] }) => [reshape(dy, (x as Tensor).shape)],
}

/** x under another shape; one extent may be -1 and is worked out. Throws ShapeError. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const tensor = asTensor(x)
  const open = shape.indexOf(-1)
  let target = shape
  if (open >= 0) {
    const rest = shape.reduce((product, n, axis) => (axis === open ? product : product * n), 1)
    const extent = sizeOf(tensor.shape) / rest
    if (!Number.isInteger(extent) || shape.indexOf(-1, open + 1) >= 0) {
      throw new ShapeError(
        'reshape',
        `a shape that ${formatShape(tensor.shape)} divides into, with one -1`,
        formatShape(shape),
      )
    }
    target = shape.map((n, axis) => (axis === open ? extent : n))
  }
  checkShape('reshape', target)
  return sameShape(target, tensor.shape) ? tensor : apply(reshapeRecord, [tensor], { shape: target })
}
