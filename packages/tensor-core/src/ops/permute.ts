import { ArgumentError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { permuteView } from '../view.js'
import { normalizeAxis } from './axes.js'
import { checkNoBlocks } from './check-no-blocks.js'
import type { TensorSpec, ViewRecord } from './op-record.js'

/** Axes in another order. */
export const permuteRecord: ViewRecord<{ readonly order: readonly number[] }> = {
  kind: 'view',
  name: 'permute',
  infer([x], { order }) {
    const { shape, dtype } = x as TensorSpec
    checkNoBlocks('permute', dtype)
    return [{ shape: order.map((axis) => shape[axis] as number), dtype }]
  },
  view: (input, { order }) => permuteView(input, order),
  vjp: ({ dy, attributes: { order } }) => [
    permute(
      dy,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
}

/** x with its axes in `order`: axis i of the result is axis order[i] of x. */
export function permute(x: TensorLike, order: readonly number[]): Tensor {
  const tensor = asTensor(x)
  const axes = order.map((axis) => normalizeAxis('permute', axis, tensor.rank))
  if (axes.length !== tensor.rank || new Set(axes).size !== axes.length) {
    throw new ArgumentError('permute', `each of ${tensor.rank} axes once`, `[${order.join(', ')}]`)
  }
  return axes.every((axis, index) => axis === index) ? tensor : apply(permuteRecord, [tensor], { order: axes })
}

/** x with two axes exchanged, the last two unless told otherwise. */
export function transpose(x: TensorLike, a = -1, b = -2): Tensor {
  const tensor = asTensor(x)
  const [i, j] = [normalizeAxis('transpose', a, tensor.rank), normalizeAxis('transpose', b, tensor.rank)]
  return permute(
    tensor,
    Array.from({ length: tensor.rank }, (_, axis) => (axis === i ? j : axis === j ? i : axis)),
  )
}
