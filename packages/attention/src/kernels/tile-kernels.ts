import * as v from '@almanac/tensor-core/kernel'

/** Rows and columns that a tile keeps in registers. */
export const TILE_ROWS = 6
export const TILE_COLUMNS = 8

export interface TileForm {
  /** Distances of a's rows, of its steps along the depth, and of c's rows, in floats. At most 48: they fold into addresses. */
  readonly aRow: number
  readonly aStep: number
  readonly cRow: number
  /** What the sums begin with: nothing, what c holds, or the same eight numbers in every row. */
  readonly start: 'zero' | 'c' | 'row'
}

const int = (name: string) => ({ name, type: 'i32' }) as const

/**
 * c[i][j] = start + sum_d a[i][d] b[d][j] for 6 x 8 sums, with b [depth][8] packed: (a, b, depth, c, row), all places in the
 * scratch buffer. The form is that of tensor-core's micro-kernel, for its reasons: one step of the depth a turn and nothing
 * but stores behind the loop, or V8 spills the sums.
 */
export function tileKernel(
  k: v.KernelBuilder,
  name: string,
  scratch: v.BufferRef,
  { aRow, aStep, cRow, start }: TileForm,
): v.KernelFunction {
  return k.func(name, ['a', 'b', 'depth', 'c', 'row'].map(int), (...args) => {
    const [aStart, bStart, depth, c, row] = args as [v.Value, v.Value, v.Value, v.Value, v.Value]
    const a = k.variable(aStart, 'a')
    const place = (i: number, j: number): v.Value => v.add(c, v.i32(i * cRow + 4 * j))
    const first = (i: number, j: number): v.Value => {
      if (start === 'zero') return v.splat(v.f32(0), 4)
      return v.load(scratch, start === 'c' ? place(i, j) : v.add(row, v.i32(4 * j)), 4)
    }
    const sums = Array.from({ length: TILE_ROWS }, (_, i) =>
      Array.from({ length: TILE_COLUMNS / 4 }, (_, j) => k.variable(first(i, j), `sum${i}_${j}_`)),
    )
    const end = k.let(v.add(bStart, v.mul(depth, TILE_COLUMNS)))
    k.for(
      bStart,
      end,
      (b) => {
        const bs = [0, 1].map((j) => k.let(v.load(scratch, v.add(b, v.i32(4 * j)), 4), 'b'))
        for (const [i, line] of sums.entries()) {
          const x = k.let(v.splat(v.load(scratch, v.add(a.get(), v.i32(i * aRow)), 1), 4), 'a')
          for (const [j, sum] of line.entries()) sum.set(v.fma(x, bs[j] as v.Value, sum.get()))
        }
        a.set(v.add(a.get(), v.i32(aStep)))
      },
      TILE_COLUMNS,
    )
    for (const [i, line] of sums.entries()) {
      for (const [j, sum] of line.entries()) k.store(scratch, place(i, j), sum.get())
    }
    return undefined
  })
}
