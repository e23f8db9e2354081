import { ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import { formatShape } from '../shape.js'
import { normalizeAxis, reducedShape } from './axes.js'
import { checkDomain } from './elementwise.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'
import { rowsAround } from './rows.js'

type Attributes = { readonly axis: number; readonly smallest: boolean }

/** Index of the largest (or smallest) element along an axis; ties take the lowest index, NaN never wins (all NaN: 0). */
export const argmaxRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'argmax',
  infer([x], { axis }) {
    const { shape, dtype } = x as TensorSpec
    checkDomain('argmax', 'number', dtype)
    if (shape[axis] === 0) throw new ShapeError('argmax', 'at least one element along the axis', formatShape(shape))
    return [{ shape: reducedShape(shape, [axis], false), dtype: 'int32' }]
  },
  reference([x], { axis, smallest }) {
    const { values, shape } = x as HostValue
    const { outer, n, inner } = rowsAround(shape, axis)
    const y = new Float64Array(outer * inner)
    for (let row = 0; row < y.length; row++) {
      const base = Math.floor(row / inner) * n * inner + (row % inner)
      let best = smallest ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
      for (let j = 0; j < n; j++) {
        const value = values[base + j * inner] as number
        if (smallest ? value < best : value > best) {
          best = value
          y[row] = j
        }
      }
    }
    return [y]
  },
  kernel: {
    params({ inputs, attributes }: KernelLaunch<Attributes>) {
      const { outer, n, inner } = rowsAround(inputs[0]?.view.shape ?? [], attributes.axis)
      return [outer, n, inner, attributes.smallest ? 1 : 0]
    },
    build(k, { inputs }) {
      const x = k.buffer('x', inputs[0]?.dtype as 'float32', 'read')
      const y = k.buffer('y', 'int32', 'write')
      const [outer, n, inner] = [k.param('outer'), k.param('n'), k.param('inner')]
      const smallest = k.let(v.ne(k.param('smallest'), 0))
      const type = k.load(x, 0).type
      const greatest = { f32: Number.POSITIVE_INFINITY, i32: 0x7fffffff, u32: 0xffffffff, bool: 1 }[type]
      const least = { f32: Number.NEGATIVE_INFINITY, i32: -0x80000000, u32: 0, bool: 0 }[type]
      k.parallel(v.mul(outer, inner), (row) => {
        const base = k.let(v.add(v.mul(v.div(row, inner), v.mul(n, inner)), v.rem(row, inner)))
        const best = k.variable(v.select(smallest, v.constant(type, greatest), v.constant(type, least)))
        const at = k.variable(v.i32(0))
        k.for(0, n, (j) => {
          const value = k.let(k.load(x, v.add(base, v.mul(j, inner))))
          k.if(v.select(smallest, v.lt(value, best.get()), v.gt(value, best.get())), () => {
            best.set(value)
            at.set(j)
          })
        })
        k.store(y, row, at.get())
      })
    },
  },
  vjp: null,
}

/** Index of the largest element along `axis`, int32; ties take the lowest index. */
export function argmax(x: TensorLike, axis = -1, keepDims = false): Tensor {
  return extremeIndex('argmax', x, axis, keepDims, false)
}

/** Index of the smallest element along `axis`, int32; ties take the lowest index. */
export function argmin(x: TensorLike, axis = -1, keepDims = false): Tensor {
  return extremeIndex('argmin', x, axis, keepDims, true)
}

function extremeIndex(where: string, x: TensorLike, axis: number, keepDims: boolean, smallest: boolean): Tensor {
  const tensor = asTensor(x)
  const at = normalizeAxis(where, axis, tensor.rank)
  const y = apply(argmaxRecord, [tensor], { axis: at, smallest })
  return keepDims ? reshape(y, reducedShape(tensor.shape, [at], true)) : y
}
