import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { sliceView } from '../view.js'
import { normalizeAxes } from './axes.js'
import { checkNoBlocks } from './check-no-blocks.js'
import type { TensorSpec, ViewRecord } from './op-record.js'

/** Axes read backwards. */
export const flipRecord: ViewRecord<{ readonly axes: readonly number[] }> = {
  kind: 'view',
  name: 'flip',
  infer([x]) {
    checkNoBlocks('flip', (x as TensorSpec).dtype)
    return [x as TensorSpec]
  },
  view: (input, { axes }) =>
    sliceView(
      input,
      input.shape.map((n, axis) => (axes.includes(axis) ? Math.max(0, n - 1) : 0)),
      input.shape,
      input.shape.map((_, axis) => (axes.includes(axis) ? -1 : 1)),
    ),
  vjp: ({ dy, attributes: { axes } }) => [flip(dy, axes)],
}

/** x with the order along `axes` (all by default) reversed. */
export function flip(x: TensorLike, axes?: number | readonly number[]): Tensor {
  const tensor = asTensor(x)
  return apply(flipRecord, [tensor], { axes: normalizeAxes('flip', axes, tensor.rank) })
}
