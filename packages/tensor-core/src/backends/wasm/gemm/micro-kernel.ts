import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'

/** Rows and columns of C that a micro-kernel keeps in registers; columns come in vectors of four. */
export interface Tile {
  readonly rows: number
  readonly columns: number
}

/**
 * c[tile] (+)= a panel times b panel, as a function of its own: (a, b, depth, c, cStride, add).
 * a: [depth, rows] and b: [depth, columns], packed, at element indices of `panels`; c: row-major with the given stride.
 * `add` 0 overwrites c, 1 adds to it.
 *
 * The form is what V8's register allocator keeps in registers, measured (see bench/src/gemm.ts): one step along the
 * depth a turn, nothing but the loop and its epilogues in the function, and two epilogue blocks rather than one.
 */
export function microKernel(
  k: KernelBuilder,
  name: string,
  tile: Tile,
  panels: BufferRef,
  c: BufferRef,
): KernelFunction {
  const vectors = tile.columns / 4
  const int = (label: string) => ({ name: label, type: 'i32' }) as const
  return k.func(
    name,
    [int('a'), int('b'), int('depth'), int('c'), int('stride'), int('add')],
    (aStart, bStart, depth, cStart, stride, addTo) => {
      const a = k.variable(aStart as Value, 'a')
      const sums = Array.from({ length: tile.rows }, (_, row) =>
        Array.from({ length: vectors }, (_, j) => k.variable(v.splat(v.f32(0), 4), `sum${row}_${j}_`)),
      )
      const end = k.let(v.add(bStart as Value, v.mul(depth as Value, tile.columns)))
      k.for(
        bStart as Value,
        end,
        (b) => {
          const bs = Array.from({ length: vectors }, (_, j) => k.let(v.load(panels, v.add(b, v.i32(4 * j)), 4), 'b'))
          for (const [row, line] of sums.entries()) {
            const x = k.let(v.splat(v.load(panels, v.add(a.get(), v.i32(row)), 1), 4), 'a')
            for (const [j, sum] of line.entries()) sum.set(v.fma(x, bs[j] as Value, sum.get()))
          }
          a.set(v.add(a.get(), v.i32(tile.rows)))
        },
        tile.columns,
      )
      const forEachVector = (use: (at: Value, sum: Value) => void): void => {
        for (const [row, line] of sums.entries()) {
          const start = k.let(v.add(cStart as Value, v.mul(stride as Value, row)))
          for (const [j, sum] of line.entries()) use(v.add(start, v.i32(4 * j)), sum.get())
        }
      }
      k.if(
        v.eq(addTo as Value, 0),
        () => forEachVector((at, sum) => k.store(c, at, sum)),
        () => forEachVector((at, sum) => k.store(c, at, v.add(v.load(c, at, 4), sum))),
      )
      return undefined
    },
  )
}
