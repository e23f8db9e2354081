import * as v from '@almanac/tensor-core/kernel'

/*
 * Rows of tensors to panels in scratch memory and back. Rows are named by tables of their numbers, so that the queries of
 * a group's heads and keys are handled alike.
 */

/** A tensor of rows: how many channels of each are taken, and how many elements there are from one to the next. */
export interface Rows {
  readonly buffer: v.BufferRef
  readonly channels: v.Value
  readonly stride: v.Value
  /** Of int8 rows: what each is multiplied by, at twice its number, or the element after it. */
  readonly scales?: { readonly buffer: v.BufferRef; readonly at: 0 | 1 }
}

/** Elements of rows as floats. */
const loadFloats = ({ buffer }: Rows, at: v.Value, lanes: number): v.Value => {
  const value = v.load(buffer, at, lanes)
  return value.type === 'f32' ? value : v.convert(value, 'f32')
}

const scaleOf = (k: v.KernelBuilder, { scales }: Rows, number: v.Value): v.Value | null =>
  scales ? k.let(k.load(scales.buffer, v.add(v.mul(number, 2), v.i32(scales.at))), 'rowScale') : null

/** The buffer of scratch memory, as floats and as integers. */
export interface ScratchBuffers {
  readonly scratch: v.BufferRef
  readonly integers: v.BufferRef
}

const int = (name: string) => ({ name, type: 'i32' }) as const
const f32 = (name: string) => ({ name, type: 'f32' }) as const

/** Four vectors' elements 0, then their elements 1, ... */
function transpose(k: v.KernelBuilder, [r0, r1, r2, r3]: readonly [v.Value, v.Value, v.Value, v.Value]): v.Value[] {
  const [low, high] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ] as const
  const [a, b] = [k.let(v.shuffle(r0, r2, low)), k.let(v.shuffle(r1, r3, low))]
  const [c, d] = [k.let(v.shuffle(r0, r2, high)), k.let(v.shuffle(r1, r3, high))]
  return [v.shuffle(a, b, low), v.shuffle(a, b, high), v.shuffle(c, d, low), v.shuffle(c, d, high)].map((x) => k.let(x))
}

/** Vectors of six or eight rows as their elements [4][rows], vector by vector. */
function interleave(k: v.KernelBuilder, rows: readonly v.Value[]): v.Value[] {
  const square = (from: number) => transpose(k, rows.slice(from, from + 4) as [v.Value, v.Value, v.Value, v.Value])
  const steps = square(0)
  if (rows.length === 8) return square(4).flatMap((right, i) => [steps[i] as v.Value, right])
  const [r4, r5] = rows.slice(4) as [v.Value, v.Value]
  const pairs = [k.let(v.shuffle(r4, r5, [0, 4, 1, 5])), k.let(v.shuffle(r4, r5, [2, 6, 3, 7]))]
  return pairs.flatMap((pair, i) => {
    const [even, odd] = steps.slice(2 * i) as [v.Value, v.Value]
    return [even, v.shuffle(pair, odd, [0, 1, 4, 5]), v.shuffle(odd, pair, [2, 3, 6, 7])]
  })
}

/** to[d][i] = x[table[i]][d] factor for the `width` rows of a tile: (table, to, factor). */
export function packAcross(
  k: v.KernelBuilder,
  { scratch, integers }: ScratchBuffers,
  x: Rows,
  width: 6 | 8,
  scaled = false,
): TilePacker {
  const func = k.func(`${x.buffer.name}Across${width}`, [int('table'), int('to'), f32('factor')], (...args) => {
    const [table, to, factor] = args as [v.Value, v.Value, v.Value]
    const numbers = Array.from({ length: width }, (_, i) => k.let(k.load(integers, v.add(table, i)), 'number'))
    const starts = numbers.map((number) => k.let(v.mul(number, x.stride), 'row'))
    const scales = numbers.map((number) => scaleOf(k, x, number))
    const element = (i: number, d: v.Value, lanes: number): v.Value => {
      const value = loadFloats(x, v.add(starts[i] as v.Value, d), lanes)
      const own = scales[i]
      return own ? v.mul(value, v.splat(own, lanes)) : value
    }
    const scale = (value: v.Value) => (scaled ? v.mul(value, v.splat(factor, value.lanes)) : value)
    const whole = k.let(v.and(x.channels, v.i32(-4)), 'whole')
    k.for(
      0,
      whole,
      (d) => {
        const at = k.let(v.add(to, v.mul(d, width)))
        const rows = starts.map((_, i) => k.let(element(i, d, 4)))
        for (const [i, vector] of interleave(k, rows).entries())
          k.store(scratch, v.add(at, v.i32(4 * i)), scale(vector))
      },
      4,
    )
    k.for(whole, x.channels, (d) => {
      const at = k.let(v.add(to, v.mul(d, width)))
      for (const i of starts.keys()) k.store(scratch, v.add(at, v.i32(i)), scale(element(i, d, 1)))
    })
    return undefined
  })
  return { func, width, channels: x.channels }
}

export interface TilePacker {
  readonly func: v.KernelFunction
  readonly width: number
  readonly channels: v.Value
}

/** Packs the rows of a table tile after tile. */
export function packTiles(
  k: v.KernelBuilder,
  { func, width, channels }: TilePacker,
  task: { readonly table: v.Value; readonly rows: v.Value; readonly to: v.Value; readonly factor?: v.Value },
): void {
  const { table, rows, to, factor = v.f32(1) } = task
  k.for(0, rows, (i) => k.call(func, [v.add(table, i), v.add(to, v.mul(i, channels)), factor]), width)
}

/** to[c / 8][i][c % 8] = x[table[i]][c] in panels of `lines` rows, 0 behind the last channel: (table, count, to). */
export function packLines(
  k: v.KernelBuilder,
  { scratch, integers }: ScratchBuffers,
  x: Rows,
  lines: number,
): v.KernelFunction {
  return k.func(`${x.buffer.name}Lines`, [int('table'), int('count'), int('to')], (...args) => {
    const [table, count, to] = args as [v.Value, v.Value, v.Value]
    const eights = k.let(v.and(x.channels, v.i32(-8)), 'eights')
    k.for(0, count, (i) => {
      const number = k.let(k.load(integers, v.add(table, i)), 'number')
      const own = scaleOf(k, x, number)
      const from = k.let(v.mul(number, x.stride), 'from')
      const element = (c: v.Value, lanes: number): v.Value => {
        const value = loadFloats(x, v.add(from, c), lanes)
        return own ? v.mul(value, v.splat(own, lanes)) : value
      }
      const line = k.let(v.add(to, v.mul(i, 8)))
      k.for(
        0,
        eights,
        (c) => {
          const target = k.let(v.add(line, v.mul(c, lines)))
          for (const half of [0, 4]) k.store(scratch, v.add(target, half), element(v.add(c, half), 4))
        },
        8,
      )
      const rest = k.let(v.add(line, v.sub(v.mul(eights, lines), eights)), 'rest')
      k.for(eights, x.channels, (c) => k.store(scratch, v.add(rest, c), element(c, 1)))
      const end = k.let(v.and(v.add(x.channels, 7), v.i32(-8)), 'end')
      k.for(x.channels, end, (c) => k.store(scratch, v.add(rest, c), v.f32(0)))
    })
    return undefined
  })
}

/** y[table[i]][c] = from[c / 8][i][c % 8] factor, or added to it: (table, count, from, factors or factor). */
export function storeLines(
  k: v.KernelBuilder,
  { scratch, integers }: ScratchBuffers,
  { buffer: y, channels, stride }: Rows,
  form: { readonly lines: number; readonly factor: 'of each row' | 'one'; readonly adds?: boolean },
): v.KernelFunction {
  const last = form.factor === 'one' ? f32('factor') : int('factors')
  return k.func(`${y.name}Store`, [int('table'), int('count'), int('from'), last], (...args) => {
    const [table, count, from, factors] = args as [v.Value, v.Value, v.Value, v.Value]
    const eights = k.let(v.and(channels, v.i32(-8)), 'eights')
    k.for(0, count, (i) => {
      const to = k.let(v.mul(k.load(integers, v.add(table, i)), stride))
      const line = k.let(v.add(from, v.mul(i, 8)))
      const factor = k.let(form.factor === 'one' ? factors : k.load(scratch, v.add(factors, i)))
      const put = (source: v.Value, target: v.Value, lanes: number): void => {
        const value = v.load(scratch, source, lanes)
        const scale = v.splat(factor, lanes)
        k.store(y, target, form.adds ? v.fma(value, scale, v.load(y, target, lanes)) : v.mul(value, scale))
      }
      k.for(
        0,
        eights,
        (c) => {
          const [source, target] = [k.let(v.add(line, v.mul(c, form.lines))), k.let(v.add(to, c))]
          for (const half of [0, 4]) put(v.add(source, half), v.add(target, half), 4)
        },
        8,
      )
      const rest = k.let(v.add(line, v.sub(v.mul(eights, form.lines), eights)), 'rest')
      k.for(eights, channels, (c) => put(v.add(rest, c), v.add(to, c), 1))
    })
    return undefined
  })
}

/** Zeros in so many floats, a multiple of 8: (at, floats). */
export function clearFloats(k: v.KernelBuilder, { scratch }: ScratchBuffers): v.KernelFunction {
  return k.func('clear', [int('at'), int('floats')], (at, floats) => {
    k.for(
      at as v.Value,
      v.add(at as v.Value, floats as v.Value),
      (i) => {
        for (const half of [0, 4]) k.store(scratch, v.add(i, half), v.splat(v.f32(0), 4))
      },
      8,
    )
    return undefined
  })
}
