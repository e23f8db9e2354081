import { floatBits } from '../float-bits.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { loadLanes, mapRow, rowsOf } from './row-kernel.js'
import { rowMoments } from './row-moments.js'

const kernel: KernelSource<{ readonly eps: number }> = {
  params: ({ inputs, attributes }) => [...rowsOf(inputs[0] as KernelOperand), floatBits(attributes.eps)],
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const weight = k.buffer('weight', 'float32', 'read')
    const bias = k.buffer('bias', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [rows, columns, eps] = [k.param('rows'), k.param('columns'), k.paramF32('eps')]
    const zero: Value = v.i32(0)
    k.parallel(rows, (row) => {
      const base = k.let(v.mul(row, columns))
      const { mean, scale } = rowMoments(k, x, base, columns, eps)
      mapRow(k, columns, (at, lanes) => {
        const normal = v.mul(v.sub(loadLanes(x, at(base), lanes), mean), scale)
        const weighted = v.mul(normal, loadLanes(weight, at(zero), lanes))
        k.store(y, at(base), v.add(weighted, loadLanes(bias, at(zero), lanes)))
      })
    })
  },
}

export default kernel
