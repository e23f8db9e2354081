import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'

/** Vectors of the output that are summed at once: each element of x is read once for all of them. */
const WIDTH = 4

export interface RowTimesMatrix {
  readonly x: BufferRef
  /** First element of the row in x. */
  readonly xAt: Value
  readonly w: BufferRef
  /** First element of the matrix [K, M] in w. */
  readonly wAt: Value
  readonly y: BufferRef
  /** First element of the row in y. */
  readonly yAt: Value
  /** K and M. */
  readonly depth: Value
  readonly columns: Value
}

/** y[m] = sum over k of x[k] w[k, m], for every m, each sum in the order of k. */
export function rowTimesMatrix(k: KernelBuilder, { x, xAt, w, wAt, y, yAt, depth, columns }: RowTimesMatrix): void {
  const { vectorLanes } = k.target
  const block = WIDTH * vectorLanes
  const load = (buffer: BufferRef, at: Value, lanes: number) =>
    lanes === 1 ? k.load(buffer, at) : k.loadVector(buffer, at)
  const sums = (m: Value, lanes: number, count: number) => {
    const totals = Array.from({ length: count }, () => k.variable(v.splat(v.f32(0), lanes)))
    k.for(0, depth, (i) => {
      const factor = k.let(v.splat(k.load(x, v.add(xAt, i)), lanes))
      const row = k.let(v.add(v.add(wAt, v.mul(i, columns)), m))
      totals.forEach((total, j) => total.set(v.fma(factor, load(w, v.add(row, j * lanes), lanes), total.get())))
    })
    totals.forEach((total, j) => k.store(y, v.add(v.add(yAt, m), j * lanes), total.get()))
  }
  const whole = k.let(v.sub(columns, v.rem(columns, block)))
  k.for(0, whole, (m) => sums(m, vectorLanes, WIDTH), block)
  k.forVector(whole, columns, (m, lanes) => sums(m, lanes, 1))
}
