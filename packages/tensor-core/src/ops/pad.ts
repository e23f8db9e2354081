import { ArgumentError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { contiguousView, sliceView } from '../view.js'
import { checkNoBlocks } from './check-no-blocks.js'
import type { AssembleRecord, TensorSpec } from './op-record.js'
import { slice } from './slice.js'

type Padding = readonly (readonly [before: number, after: number])[]

/** x inside a larger box of a constant. */
export const padRecord: AssembleRecord<{ readonly padding: Padding; readonly value: number }> = {
  kind: 'assemble',
  name: 'pad',
  infer([x], { padding }) {
    const { shape, dtype } = x as TensorSpec
    checkNoBlocks('pad', dtype)
    const good = padding.every(([a, b]) => Number.isInteger(a) && Number.isInteger(b) && a >= 0 && b >= 0)
    if (padding.length !== shape.length || !good) {
      throw new ArgumentError('pad', `[before, after] >= 0 for each of ${shape.length} axes`, JSON.stringify(padding))
    }
    return [{ shape: shape.map((n, axis) => n + (padding[axis]?.[0] ?? 0) + (padding[axis]?.[1] ?? 0)), dtype }]
  },
  fill: ({ value }) => value,
  pieces: ([x], output, { padding }) => [
    sliceView(
      contiguousView(output.shape),
      padding.map(([before]) => before),
      (x as TensorSpec).shape,
      padding.map(() => 1),
    ),
  ],
  vjp: ({ dy, inputs: [x], attributes: { padding } }) => [
    slice(
      dy,
      padding.map(([before], axis) => [before, before + ((x as Tensor).shape[axis] as number)]),
    ),
  ],
}

/** x with `value` (0) before and after each axis. */
export function pad(x: TensorLike, padding: Padding, value = 0): Tensor {
  const tensor = asTensor(x)
  const none = padding.length === tensor.rank && padding.every(([a, b]) => a === 0 && b === 0)
  return none ? tensor : apply(padRecord, [tensor], { padding, value })
}
