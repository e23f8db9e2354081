import * as v from '../kernel/expressions.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { rowTimesMatrix } from './row-times-matrix.js'

/** One row a unit. An index outside of the matrices gives NaN, as `take` does. */
const kernel: KernelSource<undefined> = {
  params({ inputs }: KernelLaunch<undefined>) {
    const [x, w] = inputs as [KernelOperand, KernelOperand]
    const [groups, depth, columns] = w.view.shape as [number, number, number]
    return [x.view.shape[0] as number, depth, columns, groups]
  },
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const w = k.buffer('w', 'float32', 'read')
    const indices = k.buffer('indices', 'int32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [rows, depth, columns, groups] = [k.param('rows'), k.param('depth'), k.param('columns'), k.param('groups')]
    k.parallel(rows, (row) => {
      const group = k.let(k.load(indices, row))
      const yAt = k.let(v.mul(row, columns))
      k.if(
        v.and(v.ge(group, 0), v.lt(group, groups)),
        () => {
          const [xAt, wAt] = [k.let(v.mul(row, depth)), k.let(v.mul(v.mul(group, depth), columns))]
          rowTimesMatrix(k, { x, xAt, w, wAt, y, yAt, depth, columns })
        },
        () => k.for(0, columns, (m) => k.store(y, v.add(yAt, m), v.f32(Number.NaN))),
      )
    })
  },
}

export default kernel
