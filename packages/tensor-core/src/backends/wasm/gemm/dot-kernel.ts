import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder, Variable } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'
import { forEachDirectUnit } from './direct-params.js'
import type { MatmulBuffers } from './matmul-buffers.js'

/** Dot products of so many rows of A with so many of B at once: what keeps its sums in registers (measured). */
const ROWS = 4
const COLUMNS = 2

/**
 * Few rows times a matrix stored [N, K] (a Linear layer's weight): dot products of rows, nothing packed. B is read once,
 * and for a single row of A one row after another, which is what reaches the memory's bandwidth.
 * Needs a column stride of 1 in A and a row stride of 1 in B.
 */
export function buildDot(k: KernelBuilder, buffers: MatmulBuffers): void {
  const square = dotRows(k, 'dot4x2', buffers, ROWS, COLUMNS, 1)
  const column = dotRows(k, 'dot4x1', buffers, ROWS, 1, 1)
  const single = dotRows(k, 'dot1x1', buffers, 1, 1, 4)
  forEachDirectUnit(k, (unit) => {
    const call = (func: KernelFunction, i: Value, j: Value): void => {
      const aRow = v.add(unit.a.base, v.mul(i, unit.a.row))
      const bRow = v.add(unit.b.base, v.mul(j, unit.b.column))
      const c = v.add(v.add(unit.c.base, v.mul(i, unit.c.row)), j)
      k.call(func, [aRow, unit.a.row, bRow, unit.b.column, unit.depth, c, unit.c.row])
    }
    const count = k.let(v.sub(unit.rowEnd, unit.row))
    const wholeRows = k.let(v.sub(unit.rowEnd, v.rem(count, ROWS)), 'wholeRows')
    const wholeColumns = k.let(v.sub(unit.to, v.rem(v.sub(unit.to, unit.from), COLUMNS)), 'wholeColumns')
    k.for(unit.from, wholeColumns, (j) => k.for(unit.row, wholeRows, (i) => call(square, i, j), ROWS), COLUMNS)
    k.for(wholeColumns, unit.to, (j) => k.for(unit.row, wholeRows, (i) => call(column, i, j), ROWS))
    k.for(unit.from, unit.to, (j) => k.for(wholeRows, unit.rowEnd, (i) => call(single, i, j)))
  })
}

/** C[rows, columns] as dot products in `unroll` vectors of partial sums each. */
function dotRows(
  k: KernelBuilder,
  name: string,
  { a, b, y, finish }: MatmulBuffers,
  rows: number,
  columns: number,
  unroll: number,
): KernelFunction {
  const params = ['a', 'aRow', 'b', 'bRow', 'depth', 'c', 'cRow'].map(
    (label) => ({ name: label, type: 'i32' }) as const,
  )
  return k.func(name, params, (...args) => {
    const [aStart, aRow, bStart, bRow, depth, c, cRow] = args as [Value, Value, Value, Value, Value, Value, Value]
    const step = 4 * unroll
    const startsOf = (start: Value, stride: Value, count: number): Value[] => {
      const starts = [start]
      while (starts.length < count) starts.push(k.let(v.add(starts.at(-1) as Value, stride), 'start'))
      return starts
    }
    const as = startsOf(aStart, aRow, rows)
    const bs = startsOf(bStart, bRow, columns)
    const cells = as.flatMap((left, i) =>
      bs.map((right, j) => ({
        left,
        right,
        place: v.add(v.add(c, v.mul(cRow, i)), v.i32(j)),
        sums: Array.from({ length: unroll }, () => k.variable(v.splat(v.f32(0), 4), 'sum')),
      })),
    )
    const whole = k.let(v.and(depth, v.i32(-step)), 'whole')
    k.for(
      0,
      whole,
      (d) => {
        for (let u = 0; u < unroll; u++) {
          const vectorOf = (buffer: BufferRef, start: Value): Value =>
            k.let(v.load(buffer, v.add(v.add(start, d), v.i32(4 * u)), 4))
          const right = new Map(bs.map((start) => [start, vectorOf(b, start)]))
          for (const start of as) {
            const left = vectorOf(a, start)
            for (const cell of cells) {
              if (cell.left !== start) continue
              const sum = cell.sums[u] as Variable
              sum.set(v.fma(left, right.get(cell.right) as Value, sum.get()))
            }
          }
        }
      },
      step,
    )
    for (const { left, right, place, sums } of cells) {
      let parts = sums.map((sum) => sum.get())
      while (parts.length > 1) {
        parts = Array.from({ length: parts.length / 2 }, (_, i) =>
          v.add(parts[2 * i] as Value, parts[2 * i + 1] as Value),
        )
      }
      const total = k.variable(v.reduceLanes('add', parts[0] as Value), 'total')
      k.for(whole, depth, (d) =>
        total.set(v.fma(v.load(a, v.add(left, d), 1), v.load(b, v.add(right, d), 1), total.get())),
      )
      const at = k.let(place)
      k.store(y, at, finish?.(total.get(), at, 1) ?? total.get())
    }
    return undefined
  })
}
