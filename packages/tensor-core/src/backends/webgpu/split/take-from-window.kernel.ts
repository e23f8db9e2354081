import { computeTypeOf } from '../../../dtype.js'
import * as v from '../../../kernel/expressions.js'
import type { KernelOperand, KernelSource } from '../../../ops/op-record.js'
import { outOfRangeBits } from '../../../ops/take.js'

/** Which rows of a table of `rows` a launch has: those from `first` on. */
export interface TableWindow {
  readonly rows: number
  readonly first: number
}

/**
 * x [outer, window, inner], indices [count] -> y [outer, count, inner], all through views: what an index points to in the
 * window, and the value of `take` for an index outside the table. What another window holds is left alone.
 */
export const takeFromWindow: KernelSource<TableWindow> = {
  params({ inputs, outputs, attributes }) {
    const [x, indices, y] = [...inputs, ...outputs].map(({ view }) => view) as [
      KernelOperand['view'],
      KernelOperand['view'],
      KernelOperand['view'],
    ]
    const [outer, window, inner] = x.shape as [number, number, number]
    return [
      outer,
      window,
      inner,
      indices.shape[0] as number,
      attributes.rows,
      attributes.first,
      x.offset,
      x.strides[0] as number,
      indices.offset,
      y.offset,
      y.strides[0] as number,
      outOfRangeBits((inputs[0] as KernelOperand).dtype),
    ]
  },
  build(k, { inputs, outputs }) {
    const x = k.buffer('x', inputs[0]?.dtype as 'float32', 'read')
    const indices = k.buffer('indices', 'int32', 'read')
    const y = k.buffer('y', outputs[0]?.dtype as 'float32', 'write')
    const [outer, window, inner, count] = [k.param('outer'), k.param('window'), k.param('inner'), k.param('count')]
    const [rows, first] = [k.param('rows'), k.param('first')]
    const [xOffset, xOuter, indicesOffset] = [k.param('xOffset'), k.param('xOuter'), k.param('indicesOffset')]
    const [yOffset, yOuter] = [k.param('yOffset'), k.param('yOuter')]
    const missing = v.bitcast(k.param('missing'), computeTypeOf(x.dtype))
    // An element an invocation, so that neighbours read neighbours.
    k.parallel(v.mul(v.mul(outer, count), inner), (element) => {
      const row = k.let(v.div(element, inner))
      const i = k.let(v.sub(element, v.mul(row, inner)))
      const o = k.let(v.div(row, count))
      const j = k.let(v.sub(row, v.mul(o, count)))
      const index = k.let(k.load(indices, v.add(indicesOffset, j)))
      const to = k.let(v.add(v.add(yOffset, v.mul(o, yOuter)), v.add(v.mul(j, inner), i)))
      const local = k.let(v.sub(index, first))
      k.if(
        v.and(v.ge(local, 0), v.lt(local, window)),
        () => {
          const from = v.add(v.add(xOffset, v.mul(o, xOuter)), v.add(v.mul(local, inner), i))
          k.store(y, to, k.load(x, from))
        },
        () => k.if(v.or(v.lt(index, 0), v.ge(index, rows)), () => k.store(y, to, missing)),
      )
    })
  },
}
