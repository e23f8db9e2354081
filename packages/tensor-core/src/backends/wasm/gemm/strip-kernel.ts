import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { KernelFunction, Value } from '../../../kernel/value.js'
import { DIRECT_COLUMNS, forEachDirectUnit } from './direct-params.js'
import type { MatmulBuffers } from './matmul-buffers.js'

/**
 * Few rows, or a small product, with B stored [K, N]: strips of C in registers, nothing packed, any strides in A.
 * Needs a column stride of 1 in B (or a depth of 0: then C is zeros).
 */
export function buildStrips(k: KernelBuilder, { a, b, y, finish }: MatmulBuffers): void {
  const int = (label: string) => ({ name: label, type: 'i32' }) as const
  const params = [int('a'), int('aRow'), int('aColumn'), int('b'), int('bRow'), int('depth'), int('c'), int('cRow')]

  /** C[rows, 4 * vectors] or, with 0 vectors, C[rows, 1]. */
  const strip = (name: string, rows: number, vectors: number): KernelFunction =>
    k.func(name, params, (aStart, aRow, aColumn, bStart, bRow, depth, c, cRow) => {
      const lanes = vectors ? 4 : 1
      const x = k.variable(aStart as Value, 'x')
      const at = k.variable(bStart as Value, 'at')
      const sums = Array.from({ length: rows }, () =>
        Array.from({ length: vectors || 1 }, () => k.variable(v.splat(v.f32(0), lanes), 'sum')),
      )
      k.for(0, depth as Value, () => {
        const bs = (sums[0] as unknown[]).map((_, j) => k.let(v.load(b, v.add(at.get(), v.i32(4 * j)), lanes)))
        for (const [row, line] of sums.entries()) {
          const place = row === 0 ? x.get() : v.add(x.get(), v.mul(aRow as Value, row))
          const factor = k.let(v.splat(v.load(a, place, 1), lanes))
          for (const [j, sum] of line.entries()) sum.set(v.fma(factor, bs[j] as Value, sum.get()))
        }
        x.set(v.add(x.get(), aColumn as Value))
        at.set(v.add(at.get(), bRow as Value))
      })
      for (const [row, line] of sums.entries()) {
        const start = k.let(v.add(c as Value, v.mul(cRow as Value, row)))
        for (const [j, sum] of line.entries()) {
          const at = k.let(v.add(start, v.i32(4 * j)))
          k.store(y, at, finish?.(sum.get(), at, lanes) ?? sum.get())
        }
      }
      return undefined
    })
  const strips = [
    { columns: DIRECT_COLUMNS, two: strip('strip2x16', 2, 4), one: strip('strip1x16', 1, 4) },
    { columns: 4, two: strip('strip2x4', 2, 1), one: strip('strip1x4', 1, 1) },
    { columns: 1, two: strip('strip2x1', 2, 0), one: strip('strip1x1', 1, 0) },
  ]

  forEachDirectUnit(k, (unit) => {
    const whole = k.let(v.sub(unit.rowEnd, v.and(v.sub(unit.rowEnd, unit.row), v.i32(1))), 'whole')
    const column = k.variable(unit.from, 'column')
    for (const { columns, two, one } of strips) {
      const end = k.let(v.sub(unit.to, v.rem(v.sub(unit.to, column.get()), columns)), 'end')
      k.for(
        column.get(),
        end,
        (j) => {
          const bColumn = k.let(v.add(unit.b.base, v.mul(j, unit.b.column)))
          const call = (func: KernelFunction, i: Value): void => {
            const aRow = v.add(unit.a.base, v.mul(i, unit.a.row))
            const c = v.add(v.add(unit.c.base, v.mul(i, unit.c.row)), j)
            k.call(func, [aRow, unit.a.row, unit.a.column, bColumn, unit.b.row, unit.depth, c, unit.c.row])
          }
          k.for(unit.row, whole, (i) => call(two, i), 2)
          k.for(whole, unit.rowEnd, (i) => call(one, i))
        },
        columns,
      )
      column.set(end)
    }
  })
}
