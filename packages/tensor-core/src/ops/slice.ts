import { ArgumentError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { formatShape, type Shape } from '../shape.js'
import { sliceView } from '../view.js'
import { normalizeAxis } from './axes.js'
import { checkNoBlocks } from './check-no-blocks.js'
import type { TensorSpec, ViewRecord } from './op-record.js'
import { pad } from './pad.js'

/** A box of consecutive elements. */
export const sliceRecord: ViewRecord<{ readonly starts: readonly number[]; readonly shape: Shape }> = {
  kind: 'view',
  name: 'slice',
  infer([x], { starts, shape }) {
    const input = x as TensorSpec
    checkNoBlocks('slice', input.dtype)
    const fits = input.shape.every((n, axis) => {
      const start = starts[axis] as number
      const extent = shape[axis] as number
      return Number.isInteger(start) && Number.isInteger(extent) && start >= 0 && extent >= 0 && start + extent <= n
    })
    if (starts.length !== input.shape.length || shape.length !== input.shape.length || !fits) {
      throw new ShapeError(
        'slice',
        `a box inside ${formatShape(input.shape)}`,
        `start ${formatShape(starts)}, extent ${formatShape(shape)}`,
      )
    }
    return [{ shape, dtype: input.dtype }]
  },
  view: (input, { starts, shape }) =>
    sliceView(
      input,
      starts,
      shape,
      shape.map(() => 1),
    ),
  vjp: ({ dy, inputs: [x], attributes: { starts, shape } }) => [
    pad(
      dy,
      (x as Tensor).shape.map((n, axis) => [
        starts[axis] as number,
        n - (starts[axis] as number) - (shape[axis] as number),
      ]),
    ),
  ],
}

/**
 * Elements start..end along each axis, as Array.prototype.slice counts (negative from the end, end exclusive); null keeps
 * an axis whole. Axes beyond `ranges` are kept. `x.slice([[0, 2], null, [-1]])`
 */
export function slice(x: TensorLike, ranges: readonly (readonly [start: number, end?: number] | null)[]): Tensor {
  const tensor = asTensor(x)
  if (ranges.length > tensor.rank) throw new ArgumentError('slice', `at most ${tensor.rank} ranges`, `${ranges.length}`)
  const starts: number[] = []
  const shape = tensor.shape.map((n, axis) => {
    const [first, last] = ranges[axis] ?? [0, n]
    const from = first < 0 ? first + n : first
    const to = last === undefined ? n : last < 0 ? last + n : last
    starts.push(from)
    return to - from
  })
  const whole = shape.every((n, axis) => starts[axis] === 0 && n === tensor.shape[axis])
  return whole ? tensor : apply(sliceRecord, [tensor], { starts, shape })
}

/** x cut along an axis into pieces of the given extents, which must add up to the axis. */
export function split(x: TensorLike, extents: readonly number[], axis = 0): Tensor[] {
  const tensor = asTensor(x)
  const at = normalizeAxis('split', axis, tensor.rank)
  const total = extents.reduce((a, b) => a + b, 0)
  if (total !== tensor.shape[at])
    throw new ShapeError('split', `extents that add up to ${tensor.shape[at]}`, `[${extents.join(', ')}]`)
  let start = 0
  return extents.map((extent) => {
    const ranges = tensor.shape.map((n, i) => (i === at ? ([start, start + extent] as const) : ([0, n] as const)))
    start += extent
    return slice(tensor, ranges)
  })
}
