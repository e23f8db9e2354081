import { isBlock } from '../dtype.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder, Operand, Variable } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'

/*
 * What the kernels of this folder share: walks along a row, by vectors where there are some. Rows are units of parallel
 * work and every sum's order follows from the row's length alone, so results do not depend on the number of threads.
 */

/** Elements between two additions to a sum's total: its error grows with their number, not with the row's length. */
const BLOCK = 4096
/** Independent accumulators: what hides an addition's latency. */
const WAYS = 4
/** Vectors of a turn of a loop that sums nothing. */
const UNROLL = 2

/** [rows, columns] of a contiguous operand of any rank, its last axis being the columns. */
export function rowsOf({ dtype, view: { shape } }: KernelOperand): [rows: number, columns: number] {
  const columns = shape.at(-1) ?? 1
  const unit = isBlock(dtype) ? dtype.blockSize : 1
  return [columns === 0 ? 0 : sizeOf(shape) / columns, columns / unit]
}

/** The index of the current element(s) in a row that starts at `base`. */
export type At = (base: Value) => Value

const place =
  (i: Value, offset = 0): At =>
  (base) =>
    v.add(v.add(base, i), v.i32(offset))

/** Element(s) of a buffer, as many as `lanes`. */
export const loadLanes = v.load

/** body for 0..length, by vectors as far as they reach. */
export function mapRow(k: KernelBuilder, length: Operand, body: (at: At, lanes: number) => void): void {
  const { vectorLanes } = k.target
  const count = typeof length === 'number' ? v.i32(length) : length
  if (vectorLanes === 1) return k.for(0, count, (i) => body(place(i), 1))
  const step = UNROLL * vectorLanes
  const whole = k.let(v.sub(count, v.rem(count, v.i32(step))))
  k.for(
    0,
    whole,
    (i) => {
      for (let way = 0; way < UNROLL; way++) body(place(i, way * vectorLanes), vectorLanes)
    },
    step,
  )
  k.forVector(whole, count, (i, lanes) => body(place(i), lanes))
}

/**
 * Runs accumulators along 0..length: `step` gives their next values, `join` combines two of a kind.
 * Returns one number an accumulator.
 */
function accumulate(
  k: KernelBuilder,
  begin: Value,
  end: Value,
  initial: readonly number[],
  step: (sums: readonly Value[], at: At, lanes: number) => readonly Value[],
  join: (a: Value, b: Value) => Value,
  across: 'add' | 'max',
): Value[] {
  const { vectorLanes } = k.target
  const ways = initial.length > 1 ? WAYS / 2 : WAYS
  const stride = ways * vectorLanes
  const fresh = (lanes: number): Variable[] => initial.map((x) => k.variable(v.splat(v.f32(x), lanes), 'sum'))
  const advance = (sums: readonly Variable[], at: At, lanes: number): void => {
    const next = step(
      sums.map((sum) => sum.get()),
      at,
      lanes,
    )
    next.forEach((value, j) => {
      sums[j]?.set(value)
    })
  }
  const whole = k.let(v.sub(end, v.rem(v.sub(end, begin), v.i32(stride))))
  const lines = Array.from({ length: ways }, () => fresh(vectorLanes))
  k.for(
    begin,
    whole,
    (i) => {
      lines.forEach((sums, way) => {
        advance(sums, place(i, way * vectorLanes), vectorLanes)
      })
    },
    stride,
  )
  const rest = vectorLanes > 1 ? fresh(1) : (lines[0] as Variable[])
  k.forVector(whole, end, (i, lanes) => advance(lanes === 1 ? rest : (lines[0] as Variable[]), place(i), lanes))
  return initial.map((_, j) => {
    let parts = lines.map((sums) => (sums[j] as Variable).get())
    while (parts.length > 1) {
      parts = Array.from({ length: parts.length / 2 }, (_, i) => join(parts[2 * i] as Value, parts[2 * i + 1] as Value))
    }
    const sum = v.reduceLanes(across, parts[0] as Value)
    return k.let(vectorLanes > 1 ? join(sum, (rest[j] as Variable).get()) : sum)
  })
}

/**
 * Sums over 0..length of a row. `step` adds the element(s) at a place to the running sums (one accumulator a sum) and
 * returns them.
 */
export function sumRow(
  k: KernelBuilder,
  length: Value,
  sums: number,
  step: (sums: readonly Value[], at: At, lanes: number) => readonly Value[],
): Value[] {
  const totals = Array.from({ length: sums }, () => k.variable(v.f32(0), 'total'))
  const zeros = totals.map(() => 0)
  k.for(
    0,
    length,
    (start) => {
      const end = k.let(v.add(start, v.min(v.i32(BLOCK), v.sub(length, start))))
      accumulate(k, start, end, zeros, step, v.add, 'add').forEach((sum, j) => {
        const total = totals[j] as Variable
        total.set(v.add(total.get(), sum))
      })
    },
    BLOCK,
  )
  return totals.map((total) => k.let(total.get()))
}

/** The largest element of a row; a NaN is passed over, so what is computed from the row has to carry it. */
export function maxRow(k: KernelBuilder, length: Value, value: (at: At, lanes: number) => Value): Value {
  // A comparison and a choice cost half of a maximum that heeds NaN.
  const larger = (a: Value, b: Value): Value => v.select(v.gt(a, b), a, b)
  const step = ([largest]: readonly Value[], at: At, lanes: number): Value[] => [
    larger(k.let(value(at, lanes)), largest as Value),
  ]
  return accumulate(k, v.i32(0), length, [-Infinity], step, larger, 'max')[0] as Value
}

/** 1 / sqrt(sum / count + eps): the scale of a normalised row. */
export function inverseRoot(k: KernelBuilder, sum: Value, count: Value, eps: Value): Value {
  return k.let(v.div(v.f32(1), v.sqrt(v.add(v.div(sum, v.convert(count, 'f32')), eps))))
}
