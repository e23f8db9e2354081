import { floatBits } from '../float-bits.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { CHUNK_ROWS, chunksOf, columnSumsPass, partialBytes } from './column-sums.js'
import { inverseRoot, loadLanes, mapRow, rowsOf, sumRow } from './row-kernel.js'

type Attributes = { readonly eps: number }

/** dx, and sum(dy * normal) over the rows of each chunk. */
export const rowsPass: KernelSource<Attributes> = {
  params({ inputs, attributes }) {
    const [rows, columns] = rowsOf(inputs[0] as KernelOperand)
    return [chunksOf(rows), rows, columns, floatBits(attributes.eps)]
  },
  workspace: (launch) => partialBytes(launch, 1),
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const weight = k.buffer('weight', 'float32', 'read')
    const dy = k.buffer('dy', 'float32', 'read')
    const dx = k.buffer('dx', 'float32', 'write')
    k.buffer('dWeight', 'float32', 'write')
    const partials = k.buffer('partials', 'float32', 'readwrite')
    const [chunks, rows, columns, eps] = [k.param('chunks'), k.param('rows'), k.param('columns'), k.paramF32('eps')]
    const zero = v.i32(0)
    k.parallel(chunks, (chunk) => {
      const sums = k.let(v.mul(chunk, columns))
      const start = k.let(v.mul(chunk, CHUNK_ROWS))
      mapRow(k, columns, (at, lanes) => k.store(partials, at(sums), v.splat(v.f32(0), lanes)))
      k.for(start, v.min(rows, v.add(start, CHUNK_ROWS)), (row) => {
        const base = k.let(v.mul(row, columns))
        const [squares, dot] = sumRow(k, columns, 2, ([square, product], at, lanes) => {
          const value = k.let(loadLanes(x, at(base), lanes))
          const weighted = v.mul(loadLanes(dy, at(base), lanes), loadLanes(weight, at(zero), lanes))
          return [v.fma(value, value, square as Value), v.fma(weighted, value, product as Value)]
        }) as [Value, Value]
        const scale = inverseRoot(k, squares, columns, eps)
        // mean(dy * weight * normal) * scale, to be multiplied by the normal row.
        const mean = k.let(v.div(v.mul(dot, scale), v.convert(columns, 'f32')))
        mapRow(k, columns, (at, lanes) => {
          const normal = k.let(v.mul(loadLanes(x, at(base), lanes), scale))
          const gradient = k.let(loadLanes(dy, at(base), lanes))
          const weighted = v.mul(gradient, loadLanes(weight, at(zero), lanes))
          k.store(dx, at(base), v.mul(v.sub(weighted, v.mul(normal, mean)), scale))
          k.store(partials, at(sums), v.fma(gradient, normal, loadLanes(partials, at(sums), lanes)))
        })
      })
    })
  },
}

const passes: readonly KernelSource<Attributes>[] = [rowsPass, columnSumsPass<Attributes>(3, 2, 1)]

export default passes
