import { floatBits } from '../float-bits.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { inverseRoot, loadLanes, mapRow, rowsOf, sumRow } from './row-kernel.js'

const kernel: KernelSource<{ readonly eps: number }> = {
  params: ({ inputs, attributes }) => [...rowsOf(inputs[0] as KernelOperand), floatBits(attributes.eps)],
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const weight = k.buffer('weight', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [rows, columns, eps] = [k.param('rows'), k.param('columns'), k.paramF32('eps')]
    k.parallel(rows, (row) => {
      const base = k.let(v.mul(row, columns))
      const [squares] = sumRow(k, columns, 1, ([sum], at, lanes) => {
        const value = k.let(loadLanes(x, at(base), lanes))
        return [v.fma(value, value, sum as Value)]
      })
      const scale = inverseRoot(k, squares as Value, columns, eps)
      mapRow(k, columns, (at, lanes) => {
        const normal = v.mul(loadLanes(x, at(base), lanes), scale)
        k.store(y, at(base), v.mul(normal, loadLanes(weight, at(v.i32(0)), lanes)))
      })
    })
  },
}

export default kernel
