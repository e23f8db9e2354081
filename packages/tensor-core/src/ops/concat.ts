import { dtypeName } from '../dtype.js'
import { ArgumentError, DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { formatShape, sameShape } from '../shape.js'
import { contiguousView, sliceView } from '../view.js'
import { normalizeAxis } from './axes.js'
import { checkNoBlocks } from './check-no-blocks.js'
import type { AssembleRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'
import { split } from './slice.js'

/** Tensors one after another along an axis. */
export const concatRecord: AssembleRecord<{ readonly axis: number }> = {
  kind: 'assemble',
  name: 'concat',
  infer(inputs, { axis }) {
    const first = inputs[0] as TensorSpec
    let total = 0
    for (const { shape, dtype } of inputs) {
      checkNoBlocks('concat', dtype)
      if (dtype !== first.dtype)
        throw new DTypeError('concat', `tensors of ${dtypeName(first.dtype)}`, dtypeName(dtype))
      if (shape.length !== first.shape.length || shape.some((n, i) => i !== axis && n !== first.shape[i])) {
        throw new ShapeError(
          'concat',
          `shapes equal to ${formatShape(first.shape)} but for axis ${axis}`,
          formatShape(shape),
        )
      }
      total += shape[axis] as number
    }
    return [{ shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype }]
  },
  fill: () => undefined,
  pieces(inputs, output, { axis }) {
    let start = 0
    return inputs.map(({ shape }) => {
      const starts = shape.map((_, i) => (i === axis ? start : 0))
      start += shape[axis] as number
      return sliceView(
        contiguousView(output.shape),
        starts,
        shape,
        shape.map(() => 1),
      )
    })
  },
  vjp: ({ dy, inputs, attributes: { axis } }) =>
    split(
      dy,
      inputs.map((x) => x.shape[axis] as number),
      axis,
    ),
}

/** Tensors joined along an axis they may differ in. */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  const list = tensors.map(asTensor)
  const first = list[0]
  if (!first) throw new ArgumentError('concat', 'at least one tensor', 'none')
  const at = normalizeAxis('concat', axis, first.rank)
  return list.length === 1 ? first : apply(concatRecord, list, { axis: at })
}

/** Tensors of one shape joined along a new axis. */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  const list = tensors.map(asTensor)
  const first = list[0]
  if (!first) throw new ArgumentError('stack', 'at least one tensor', 'none')
  const at = normalizeAxis('stack', axis, first.rank + 1)
  const other = list.find((x) => !sameShape(x.shape, first.shape))
  if (other) throw new ShapeError('stack', `tensors of shape ${formatShape(first.shape)}`, formatShape(other.shape))
  return concat(
    list.map((x) => reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
    at,
  )
}
