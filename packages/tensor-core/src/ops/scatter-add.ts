import { dtypeName, isInteger } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import { formatShape, sameShape } from '../shape.js'
import { normalizeAxis } from './axes.js'
import { cast } from './cast.js'
import { checkDomain } from './elementwise.js'
import { indexInside } from './index-inside.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { rowsAround } from './rows.js'
import { takeAlongAxis } from './take-along-axis.js'
import { where } from './where.js'

type Attributes = { readonly axis: number }

/** Additions at indexed places, in the order of the updates. The transpose of `takeAlongAxis`. */
export const scatterAddRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'scatterAdd',
  updates: { 0: 0 },
  infer(inputs, { axis }) {
    const [x, indices, updates] = inputs as [TensorSpec, TensorSpec, TensorSpec]
    checkDomain('scatterAdd', 'number', x.dtype)
    if (indices.dtype !== 'int32') throw new DTypeError('scatterAdd', 'int32 indices', dtypeName(indices.dtype))
    if (updates.dtype !== x.dtype)
      throw new DTypeError('scatterAdd', `updates of ${dtypeName(x.dtype)}`, dtypeName(updates.dtype))
    const fits =
      updates.shape.length === x.shape.length && x.shape.every((n, i) => i === axis || n === updates.shape[i])
    if (!fits || !sameShape(indices.shape, updates.shape)) {
      throw new ShapeError(
        'scatterAdd',
        `indices and updates of one shape, equal to ${formatShape(x.shape)} but for axis ${axis}`,
        `${formatShape(indices.shape)} and ${formatShape(updates.shape)}`,
      )
    }
    return [x]
  },
  reference(inputs, { axis }) {
    const [x, indices, updates] = inputs as [HostValue, HostValue, HostValue]
    const { n, inner } = rowsAround(x.shape, axis)
    const m = updates.shape[axis] as number
    const y = Float64Array.from(x.values)
    updates.values.forEach((update, at) => {
      const index = indices.values[at] as number
      if (index < 0 || index >= n) return
      const to = (Math.floor(at / (m * inner)) * n + index) * inner + (at % inner)
      y[to] = (y[to] as number) + update
    })
    return [y]
  },
  kernel: {
    params({ inputs, attributes }: KernelLaunch<Attributes>) {
      const { outer, n, inner } = rowsAround(inputs[0]?.view.shape ?? [], attributes.axis)
      return [outer, n, inner, inputs[2]?.view.shape[attributes.axis] ?? 0]
    },
    build(k, { inputs }) {
      const dtype = inputs[0]?.dtype as 'float32'
      k.buffer('x', dtype, 'read') // y starts as a copy of it
      const indices = k.buffer('indices', 'int32', 'read')
      const updates = k.buffer('updates', dtype, 'read')
      const y = k.buffer('y', dtype, 'readwrite')
      const [outer, n, inner, m] = [k.param('outer'), k.param('n'), k.param('inner'), k.param('m')]
      // A worker owns whole columns along the axis: no two add to one element, and the order is that of the updates.
      k.parallel(v.mul(outer, inner), (column) => {
        const o = k.let(v.div(column, inner))
        const i = k.let(v.rem(column, inner))
        k.for(0, m, (j) => {
          const at = k.let(v.add(v.mul(v.add(v.mul(o, m), j), inner), i))
          const index = k.let(k.load(indices, at))
          k.if(v.and(v.ge(index, 0), v.lt(index, n)), () => {
            const to = k.let(v.add(v.mul(v.add(v.mul(o, n), index), inner), i))
            k.store(y, to, v.add(k.load(y, to), k.load(updates, at)))
          })
        })
      })
    },
  },
  vjp: ({ dy, inputs: [, indices], attributes: { axis } }) => {
    const index = indices as Tensor
    // What was dropped has no gradient; `takeAlongAxis` gives NaN there.
    const inside = indexInside(index, dy.shape[axis] as number)
    return [dy, null, where(inside, takeAlongAxis(dy, index, axis), 0)]
  },
}

/** x with updates[.., j, ..] added at x[.., indices[.., j, ..], ..] along `axis`, in order; indices outside are dropped. */
export function scatterAdd(x: TensorLike, indices: TensorLike, updates: TensorLike, axis = -1): Tensor {
  const [tensor, ids] = [asTensor(x), asTensor(indices)]
  if (!isInteger(ids.dtype)) throw new DTypeError('scatterAdd', 'integer indices', dtypeName(ids.dtype))
  return apply(scatterAddRecord, [tensor, cast(ids, 'int32'), asTensor(updates)], {
    axis: normalizeAxis('scatterAdd', axis, tensor.rank),
  })
}
