import * as v from '../kernel/expressions.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { logsumexpRow } from './logsumexp-row.js'
import { loadLanes, mapRow, rowsOf } from './row-kernel.js'

const kernel: KernelSource = {
  params: ({ inputs }) => rowsOf(inputs[0] as KernelOperand),
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [rows, columns] = [k.param('rows'), k.param('columns')]
    k.parallel(rows, (row) => {
      const base = k.let(v.mul(row, columns))
      const lse = logsumexpRow(k, x, base, columns)
      mapRow(k, columns, (at, lanes) => k.store(y, at(base), v.sub(loadLanes(x, at(base), lanes), lse)))
    })
  },
}

export default kernel
