import { ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { formatShape } from '../shape.js'
import { normalizeAxes, normalizeAxis } from './axes.js'
import { reshape } from './reshape.js'

/** x without `axes` of extent 1 (all such axes by default). */
export function squeeze(x: TensorLike, axes?: number | readonly number[]): Tensor {
  const tensor = asTensor(x)
  const list =
    axes === undefined
      ? tensor.shape.flatMap((n, i) => (n === 1 ? [i] : []))
      : normalizeAxes('squeeze', axes, tensor.rank)
  if (list.some((axis) => tensor.shape[axis] !== 1)) {
    throw new ShapeError('squeeze', `extent 1 at axes [${list.join(', ')}]`, formatShape(tensor.shape))
  }
  return reshape(
    tensor,
    tensor.shape.filter((_, axis) => !list.includes(axis)),
  )
}

/** x with a new axis of extent 1 that becomes axis `axis` of the result. */
export function unsqueeze(x: TensorLike, axis: number): Tensor {
  const tensor = asTensor(x)
  const at = normalizeAxis('unsqueeze', axis, tensor.rank + 1)
  return reshape(tensor, [...tensor.shape.slice(0, at), 1, ...tensor.shape.slice(at)])
}
