import * as v from '@almanac/tensor-core/kernel'

/** Rows or columns that one block of a panel has: two vectors of four lanes. */
export const PANEL = 8
/** Keys (or queries) whose scores with a panel are held at once: 64 * 8 floats stay in the first-level cache. */
export const DEPTH = 64
/** Rows that a tile keeps in registers beside two vectors of columns: 4 x 8, as in the matrix product. */
const ROWS = 4

const int = (name: string) => ({ name, type: 'i32' }) as const
const zeros = () => v.splat(v.f32(0), 4)

/**
 * out[i][j] = sum_d x[i][d] panel[d][j] for four rows i and the panel's eight columns j:
 * (base, stride, rows, panel, channels, out). Rows come from a buffer at base + i stride; where fewer than four are left
 * the last is read again, so `out` must have room for four. `panel` and `out` are places in the scratch buffer.
 */
export function scoreTile(k: v.KernelBuilder, name: string, x: v.BufferRef, scratch: v.BufferRef): v.KernelFunction {
  return k.func(
    name,
    [int('base'), int('stride'), int('rows'), int('panel'), int('channels'), int('out')],
    (base, stride, rows, panel, channels, out) => {
      const starts = Array.from({ length: ROWS }, (_, i) =>
        k.let(v.add(base as v.Value, v.mul(v.min(v.sub(rows as v.Value, 1), i), stride as v.Value)), 'row'),
      )
      const sums = starts.map(() => [k.variable(zeros(), 'a'), k.variable(zeros(), 'b')] as const)
      const at = k.variable(panel as v.Value, 'panel')
      k.for(0, channels as v.Value, (d) => {
        const [b0, b1] = [k.let(v.load(scratch, at.get(), 4)), k.let(v.load(scratch, v.add(at.get(), 4), 4))]
        for (const [i, [low, high]] of sums.entries()) {
          const a = k.let(v.splat(v.load(x, v.add(starts[i] as v.Value, d), 1), 4), 'x')
          low.set(v.fma(a, b0, low.get()))
          high.set(v.fma(a, b1, high.get()))
        }
        at.set(v.add(at.get(), PANEL))
      })
      for (const [i, [low, high]] of sums.entries()) {
        k.store(scratch, v.add(out as v.Value, i * PANEL), low.get())
        k.store(scratch, v.add(out as v.Value, i * PANEL + 4), high.get())
      }
      return undefined
    },
  )
}

/**
 * out[j][c] = out[j][c] decay[j] + sum_i weights[i][j] x[i][c] for four columns j of a panel and `lanes * vectors` channels
 * c: (weights, depth, base, stride, out, outStride, decay). Without `decays` it only adds.
 */
function sumTile(
  k: v.KernelBuilder,
  name: string,
  x: v.BufferRef,
  scratch: v.BufferRef,
  form: { readonly lanes: 1 | 4; readonly vectors: number; readonly decays: boolean },
): v.KernelFunction {
  const { lanes, vectors, decays } = form
  return k.func(
    name,
    [int('weights'), int('depth'), int('base'), int('stride'), int('out'), int('outStride'), int('decay')],
    (weights, depth, base, stride, out, outStride, decay) => {
      const zero = () => (lanes === 1 ? v.f32(0) : zeros())
      const sums = Array.from({ length: ROWS }, () => Array.from({ length: vectors }, () => k.variable(zero(), 'sum')))
      const row = k.variable(base as v.Value, 'x')
      const end = k.let(v.add(weights as v.Value, v.mul(depth as v.Value, PANEL)))
      k.for(
        weights as v.Value,
        end,
        (w) => {
          const xs = Array.from({ length: vectors }, (_, c) => k.let(v.load(x, v.add(row.get(), 4 * c), lanes)))
          for (const [j, line] of sums.entries()) {
            const factor = k.let(v.splat(v.load(scratch, v.add(w, v.i32(j)), 1), lanes), 'w')
            for (const [c, sum] of line.entries()) sum.set(v.fma(factor, xs[c] as v.Value, sum.get()))
          }
          row.set(v.add(row.get(), stride as v.Value))
        },
        PANEL,
      )
      for (const [j, line] of sums.entries()) {
        const start = k.let(v.add(out as v.Value, v.mul(outStride as v.Value, j)))
        const scale = decays ? k.let(v.splat(v.load(scratch, v.add(decay as v.Value, j), 1), lanes)) : null
        for (const [c, sum] of line.entries()) {
          const place = v.add(start, v.i32(4 * c))
          const before = v.load(scratch, place, lanes)
          k.store(scratch, place, scale ? v.fma(before, scale, sum.get()) : v.add(before, sum.get()))
        }
      }
      return undefined
    },
  )
}

/** Adds weights^T x to the eight rows of `out` ([8, channels]): the panel's columns are the rows of the result. */
export type SumRows = (task: {
  readonly weights: v.Value
  readonly depth: v.Value
  /** Where row 0 of x starts, and the distance between rows. */
  readonly base: v.Value
  readonly stride: v.Value
  readonly out: v.Value
  readonly channels: v.Value
  /** Place of eight factors for the old contents; only for a sum made with `decays`. */
  readonly decay?: v.Value
}) => void

/** Declares the tiles for eight, four and single channels and returns what runs them over all channels. */
export function declareSumRows(
  k: v.KernelBuilder,
  name: string,
  x: v.BufferRef,
  scratch: v.BufferRef,
  decays: boolean,
): SumRows {
  const wide = sumTile(k, `${name}8`, x, scratch, { lanes: 4, vectors: 2, decays })
  const narrow = sumTile(k, `${name}4`, x, scratch, { lanes: 4, vectors: 1, decays })
  const single = sumTile(k, `${name}1`, x, scratch, { lanes: 1, vectors: 1, decays })
  return ({ weights, depth, base, stride, out, channels, decay = v.i32(0) }) => {
    const tile = (func: v.KernelFunction, c: v.Value) => {
      for (let j = 0; j < PANEL; j += ROWS) {
        const row = v.add(v.add(out, v.mul(channels, j)), c)
        k.call(func, [v.add(weights, j), depth, v.add(base, c), stride, row, channels, v.add(decay, j)])
      }
    }
    const eights = k.let(v.and(channels, v.i32(-8)))
    const fours = k.let(v.and(channels, v.i32(-4)))
    k.for(0, eights, (c) => tile(wide, c), 8)
    k.for(eights, fours, (c) => tile(narrow, c), 4)
    k.for(fours, channels, (c) => tile(single, c))
  }
}
