import * as v from '../kernel/expressions.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { rowTimesMatrix } from './row-times-matrix.js'

/** One row a unit; its segment is looked up in the true offsets, which rise. Rows outside of all segments give zeros. */
const kernel: KernelSource<undefined> = {
  params({ inputs }: KernelLaunch<undefined>) {
    const [x, w] = inputs as [KernelOperand, KernelOperand]
    const [groups, depth, columns] = w.view.shape as [number, number, number]
    return [x.view.shape[0] as number, depth, columns, groups]
  },
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const w = k.buffer('w', 'float32', 'read')
    const offsets = k.buffer('offsets', 'int32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [rows, depth, columns, groups] = [k.param('rows'), k.param('depth'), k.param('columns'), k.param('groups')]
    k.parallel(rows, (row) => {
      const group = k.variable(v.i32(-1))
      k.for(0, groups, (g) => {
        const inside = v.and(v.le(k.load(offsets, g), row), v.lt(row, k.load(offsets, v.add(g, 1))))
        k.if(inside, () => group.set(g))
      })
      const yAt = k.let(v.mul(row, columns))
      k.if(
        v.ge(group.get(), 0),
        () => {
          const [xAt, wAt] = [k.let(v.mul(row, depth)), k.let(v.mul(v.mul(group.get(), depth), columns))]
          rowTimesMatrix(k, { x, xAt, w, wAt, y, yAt, depth, columns })
        },
        () => k.for(0, columns, (m) => k.store(y, v.add(yAt, m), v.f32(0))),
      )
    })
  },
}

export default kernel
