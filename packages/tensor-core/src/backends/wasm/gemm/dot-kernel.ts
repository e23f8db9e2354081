import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'
import { forEachDirectUnit } from './direct-params.js'
import type { MatmulBuffers } from './matmul-buffers.js'

/** Rows of A that share one pass over a row of B. */
const ROWS = 4

/**
 * Few rows times a matrix stored [N, K] (a Linear layer's weight): dot products of rows, nothing packed. B is read once,
 * one row after another, which is what reaches the memory's bandwidth; A stays in the first cache.
 * Needs a column stride of 1 in A and a row stride of 1 in B.
 */
export function buildDot(k: KernelBuilder, { a, b, y }: MatmulBuffers): void {
  const many = dotRows(k, 'dotRows', a, b, y, ROWS, 2)
  const one = dotRows(k, 'dotRow', a, b, y, 1, 4)
  forEachDirectUnit(k, (unit) => {
    const whole = k.let(v.sub(unit.m, v.rem(unit.m, ROWS)), 'whole')
    k.for(unit.from, unit.to, (j) => {
      const bRow = k.let(v.add(unit.b.base, v.mul(j, unit.b.column)))
      const call = (func: KernelFunction, i: Value): void => {
        const aRow = v.add(unit.a.base, v.mul(i, unit.a.row))
        const c = v.add(v.add(unit.c.base, v.mul(i, unit.c.row)), j)
        k.call(func, [aRow, unit.a.row, bRow, unit.depth, c, unit.c.row])
      }
      k.for(0, whole, (i) => call(many, i), ROWS)
      k.for(whole, unit.m, (i) => call(one, i))
    })
  })
}

/** `rows` dot products with one row of B, in `unroll` vectors of partial sums each. */
function dotRows(
  k: KernelBuilder,
  name: string,
  a: BufferRef,
  b: BufferRef,
  y: BufferRef,
  rows: number,
  unroll: number,
): KernelFunction {
  const int = (label: string) => ({ name: label, type: 'i32' }) as const
  const params = [int('a'), int('aRow'), int('b'), int('depth'), int('c'), int('cRow')]
  return k.func(name, params, (aStart, aRow, bStart, depth, c, cRow) => {
    const step = 4 * unroll
    const starts: Value[] = [aStart as Value]
    for (let row = 1; row < rows; row++) starts.push(k.let(v.add(starts.at(-1) as Value, aRow as Value), 'start'))
    const sums = starts.map(() => Array.from({ length: unroll }, () => k.variable(v.splat(v.f32(0), 4), 'sum')))
    const whole = k.let(v.and(depth as Value, v.i32(-step)), 'whole')
    k.for(
      0,
      whole,
      (d) => {
        const at = k.let(v.add(bStart as Value, d))
        for (let u = 0; u < unroll; u++) {
          const x = k.let(v.load(b, v.add(at, v.i32(4 * u)), 4))
          for (const [row, start] of starts.entries()) {
            const sum = sums[row]?.[u] as (typeof sums)[0][0]
            sum.set(v.fma(v.load(a, v.add(v.add(start, d), v.i32(4 * u)), 4), x, sum.get()))
          }
        }
      },
      step,
    )
    const totals = sums.map((line) => {
      let parts = line.map((sum) => sum.get())
      while (parts.length > 1) {
        parts = Array.from({ length: parts.length / 2 }, (_, i) =>
          v.add(parts[2 * i] as Value, parts[2 * i + 1] as Value),
        )
      }
      return k.variable(v.reduceLanes('add', parts[0] as Value), 'total')
    })
    k.for(whole, depth as Value, (d) => {
      const x = k.let(v.load(b, v.add(bStart as Value, d), 1))
      for (const [row, total] of totals.entries()) {
        total.set(v.fma(v.load(a, v.add(starts[row] as Value, d), 1), x, total.get()))
      }
    })
    for (const [row, total] of totals.entries()) {
      k.store(y, v.add(c as Value, v.mul(cRow as Value, row)), total.get())
    }
    return undefined
  })
}
