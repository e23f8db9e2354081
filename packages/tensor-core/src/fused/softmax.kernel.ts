import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { expNonPositive } from './exp-nonpositive.js'
import { loadLanes, mapRow, maxRow, rowsOf, sumRow } from './row-kernel.js'

/** A total below it comes from a masked row only: any other row holds e^0 = 1. */
const SMALLEST = 1e-37
/** The most negative finite float32: keeps rows that are all -Infinity from giving NaN. */
const LOWEST = -3.4028234663852886e38

/** Rows in three passes that stay in the cache: the largest element, the powers and their sum, the quotients. */
const kernel: KernelSource = {
  params: ({ inputs }) => rowsOf(inputs[0] as KernelOperand),
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'readwrite')
    const [rows, columns] = [k.param('rows'), k.param('columns')]
    k.parallel(rows, (row) => {
      const base = k.let(v.mul(row, columns))
      const peak = k.let(
        v.max(
          maxRow(k, columns, (at, lanes) => loadLanes(x, at(base), lanes)),
          LOWEST,
        ),
      )
      const [total] = sumRow(k, columns, 1, ([sum], at, lanes) => {
        const power = k.let(expNonPositive(k, k.let(v.sub(loadLanes(x, at(base), lanes), peak))))
        k.store(y, at(base), power)
        return [v.add(sum as Value, power)]
      })
      const scale = k.let(v.div(v.f32(1), v.max(total as Value, SMALLEST)))
      mapRow(k, columns, (at, lanes) => k.store(y, at(base), v.mul(loadLanes(y, at(base), lanes), scale)))
    })
  },
}

export default kernel
