import { floatBits } from '../float-bits.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { CHUNK_ROWS, chunksOf, columnSumsPass, partialBytes } from './column-sums.js'
import { loadLanes, mapRow, rowsOf, sumRow } from './row-kernel.js'
import { rowMoments } from './row-moments.js'

type Attributes = { readonly eps: number }

/** dx, and the sums of dy * normal and of dy over the rows of each chunk. */
export const rowsPass: KernelSource<Attributes> = {
  params({ inputs, attributes }) {
    const [rows, columns] = rowsOf(inputs[0] as KernelOperand)
    return [chunksOf(rows), rows, columns, floatBits(attributes.eps)]
  },
  workspace: (launch) => partialBytes(launch, 2),
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const weight = k.buffer('weight', 'float32', 'read')
    const dy = k.buffer('dy', 'float32', 'read')
    const dx = k.buffer('dx', 'float32', 'write')
    k.buffer('dWeight', 'float32', 'write')
    k.buffer('dBias', 'float32', 'write')
    const partials = k.buffer('partials', 'float32', 'readwrite')
    const [chunks, rows, columns, eps] = [k.param('chunks'), k.param('rows'), k.param('columns'), k.paramF32('eps')]
    const zero = v.i32(0)
    k.parallel(chunks, (chunk) => {
      const weightSums = k.let(v.mul(chunk, columns))
      const biasSums = k.let(v.add(v.mul(chunks, columns), weightSums))
      const start = k.let(v.mul(chunk, CHUNK_ROWS))
      mapRow(k, columns, (at, lanes) => {
        k.store(partials, at(weightSums), v.splat(v.f32(0), lanes))
        k.store(partials, at(biasSums), v.splat(v.f32(0), lanes))
      })
      k.for(start, v.min(rows, v.add(start, CHUNK_ROWS)), (row) => {
        const base = k.let(v.mul(row, columns))
        const { mean, scale } = rowMoments(k, x, base, columns, eps)
        const normalAt = (at: (base: Value) => Value, lanes: number): Value =>
          k.let(v.mul(v.sub(loadLanes(x, at(base), lanes), mean), scale))
        const sums = sumRow(k, columns, 2, ([sum, product], at, lanes) => {
          const weighted = k.let(v.mul(loadLanes(dy, at(base), lanes), loadLanes(weight, at(zero), lanes)))
          return [v.add(sum as Value, weighted), v.fma(weighted, normalAt(at, lanes), product as Value)]
        })
        const count = v.convert(columns, 'f32')
        const [average, slope] = sums.map((sum) => k.let(v.div(sum, count))) as [Value, Value]
        mapRow(k, columns, (at, lanes) => {
          const normal = normalAt(at, lanes)
          const gradient = k.let(loadLanes(dy, at(base), lanes))
          const weighted = v.mul(gradient, loadLanes(weight, at(zero), lanes))
          k.store(dx, at(base), v.mul(v.sub(v.sub(weighted, average), v.mul(normal, slope)), scale))
          k.store(partials, at(weightSums), v.fma(gradient, normal, loadLanes(partials, at(weightSums), lanes)))
          k.store(partials, at(biasSums), v.add(loadLanes(partials, at(biasSums), lanes), gradient))
        })
      })
    })
  },
}

const passes: readonly KernelSource<Attributes>[] = [rowsPass, columnSumsPass<Attributes>(3, 3, 1)]

export default passes
