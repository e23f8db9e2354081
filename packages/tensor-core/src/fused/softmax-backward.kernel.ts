import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { loadLanes, mapRow, rowsOf, sumRow } from './row-kernel.js'

const kernel: KernelSource = {
  params: ({ inputs }) => rowsOf(inputs[0] as KernelOperand),
  build(k) {
    const y = k.buffer('y', 'float32', 'read')
    const dy = k.buffer('dy', 'float32', 'read')
    const dx = k.buffer('dx', 'float32', 'write')
    const [rows, columns] = [k.param('rows'), k.param('columns')]
    k.parallel(rows, (row) => {
      const base = k.let(v.mul(row, columns))
      const [dot] = sumRow(k, columns, 1, ([sum], at, lanes) => [
        v.fma(loadLanes(dy, at(base), lanes), loadLanes(y, at(base), lanes), sum as Value),
      ])
      mapRow(k, columns, (at, lanes) => {
        const difference = v.sub(loadLanes(dy, at(base), lanes), dot as Value)
        k.store(dx, at(base), v.mul(loadLanes(y, at(base), lanes), difference))
      })
    })
  },
}

export default kernel
