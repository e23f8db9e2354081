import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'

/** Rows and columns of C that a micro-kernel keeps in registers; columns come in vectors of four. */
export interface Tile {
  readonly rows: number
  readonly columns: number
}

/**
 * c[tile] = a panel times b panel, or with `adds` c[tile] += it, as a function of its own: (a, b, depth, c, cStride).
 * a: [depth, rows] and b: [depth, columns], packed, at element indices of `panels`; c: row-major with the given stride.
 *
 * The form is what V8's register allocator keeps in registers (Node 20, 22 and 24; see bench/src/gemm.ts): one step along
 * the depth a turn, nothing but the loop and one epilogue in the function, and in the epilogue nothing but stores. An
 * addition there makes it spill every sum of a 6 x 8 tile inside the loop (0.42 of the peak, not 0.96): so sums that are
 * added to c begin with it.
 */
export function microKernel(
  k: KernelBuilder,
  name: string,
  tile: Tile,
  panels: BufferRef,
  c: BufferRef,
  adds: boolean,
): KernelFunction {
  const vectors = tile.columns / 4
  const int = (label: string) => ({ name: label, type: 'i32' }) as const
  return k.func(
    name,
    [int('a'), int('b'), int('depth'), int('c'), int('stride')],
    (aStart, bStart, depth, cStart, stride) => {
      const a = k.variable(aStart as Value, 'a')
      const place = (row: number, j: number): Value =>
        v.add(v.add(cStart as Value, v.mul(stride as Value, row)), v.i32(4 * j))
      const sums = Array.from({ length: tile.rows }, (_, row) =>
        Array.from({ length: vectors }, (_, j) =>
          k.variable(adds ? v.load(c, place(row, j), 4) : v.splat(v.f32(0), 4), `sum${row}_${j}_`),
        ),
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
      for (const [row, line] of sums.entries()) {
        const start = k.let(place(row, 0))
        for (const [j, sum] of line.entries()) k.store(c, v.add(start, v.i32(4 * j)), sum.get())
      }
      return undefined
    },
  )
}
