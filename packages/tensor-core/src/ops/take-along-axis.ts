import { computeTypeOf, dtypeName, isInteger } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import { formatShape } from '../shape.js'
import { normalizeAxis } from './axes.js'
import { cast } from './cast.js'
import { checkNoBlocks } from './check-no-blocks.js'
import { zerosLike } from './full.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { rowsAround } from './rows.js'
import { scatterAdd } from './scatter-add.js'
import { outOfRangeBits, outOfRangeValue } from './take.js'

type Attributes = { readonly axis: number }

/** Elements picked along an axis, each place with an index of its own. */
export const takeAlongAxisRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'takeAlongAxis',
  moves: [0],
  infer(inputs, { axis }) {
    const [x, indices] = inputs as [TensorSpec, TensorSpec]
    checkNoBlocks('takeAlongAxis', x.dtype)
    if (indices.dtype !== 'int32') throw new DTypeError('takeAlongAxis', 'int32 indices', dtypeName(indices.dtype))
    if (indices.shape.length !== x.shape.length || x.shape.some((n, i) => i !== axis && n !== indices.shape[i])) {
      throw new ShapeError(
        'takeAlongAxis',
        `indices of shape ${formatShape(x.shape)} but for axis ${axis}`,
        formatShape(indices.shape),
      )
    }
    return [{ shape: indices.shape, dtype: x.dtype }]
  },
  reference(inputs, { axis }, outputs) {
    const [x, indices] = inputs as [HostValue, HostValue]
    const { outer, n, inner } = rowsAround(x.shape, axis)
    const m = indices.shape[axis] as number
    const y = new Float64Array(outer * m * inner).fill(outOfRangeValue((outputs[0] as TensorSpec).dtype))
    indices.values.forEach((index, at) => {
      const o = Math.floor(at / (m * inner))
      if (index >= 0 && index < n) y[at] = x.values[(o * n + index) * inner + (at % inner)] as number
    })
    return [y]
  },
  kernel: {
    params({ inputs, attributes }: KernelLaunch<Attributes>) {
      const { outer, n, inner } = rowsAround(inputs[0]?.view.shape ?? [], attributes.axis)
      const missing = outOfRangeBits(inputs[0]?.dtype ?? 'float32')
      return [outer, n, inner, inputs[1]?.view.shape[attributes.axis] ?? 0, missing]
    },
    build(k, { inputs }) {
      const dtype = inputs[0]?.dtype as 'float32'
      const x = k.buffer('x', dtype, 'read')
      const indices = k.buffer('indices', 'int32', 'read')
      const y = k.buffer('y', dtype, 'write')
      const [outer, n, inner, m] = [k.param('outer'), k.param('n'), k.param('inner'), k.param('m')]
      const missing = v.bitcast(k.param('missing'), computeTypeOf(dtype))
      k.parallelRange(v.mul(v.mul(outer, m), inner), 16, (begin, end) =>
        k.for(begin, end, (at) => {
          const index = k.let(k.load(indices, at))
          const inside = v.and(v.ge(index, 0), v.lt(index, n))
          const from = v.add(v.mul(v.add(v.mul(v.div(at, v.mul(m, inner)), n), index), inner), v.rem(at, inner))
          k.if(
            inside,
            () => k.store(y, at, k.load(x, from)),
            () => k.store(y, at, missing),
          )
        }),
      )
    },
  },
  vjp: ({ dy, inputs: [x, indices], attributes: { axis } }) => [
    scatterAdd(zerosLike(x as Tensor), indices as Tensor, dy, axis),
    null,
  ],
}

/** y[.., j, ..] = x[.., indices[.., j, ..], ..] along `axis`; the other axes agree. An index outside gives NaN or 0. */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis = -1): Tensor {
  const [tensor, ids] = [asTensor(x), asTensor(indices)]
  if (!isInteger(ids.dtype)) throw new DTypeError('takeAlongAxis', 'integer indices', dtypeName(ids.dtype))
  return apply(takeAlongAxisRecord, [tensor, cast(ids, 'int32')], {
    axis: normalizeAxis('takeAlongAxis', axis, tensor.rank),
  })
}
