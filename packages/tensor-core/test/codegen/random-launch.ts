import type { ScalarDType } from '../../src/dtype.js'
import type { Expression, MapLaunch, Operand, ReduceLaunch } from '../../src/schedule/program.js'
import { contiguousStrides, sizeOf } from '../../src/shape.js'
import type { View } from '../../src/view.js'
import { ADD, CUBE, call, constant, index, input, LESS, MAX, MUL, NEG, SUB, WHERE } from './test-records.js'

/** A seeded generator (mulberry32): integers below `n`. */
export function seeded(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }
}

/** A view of `shape` in a buffer of its own: permuted, broadcast, reversed, stepped or with an offset, at random. */
export function randomView(
  random: (n: number) => number,
  shape: readonly number[],
  plain: boolean,
): { view: View; size: number } {
  const order = [...shape.keys()]
  if (!plain && random(3) === 0) order.reverse()
  if (!plain && random(4) === 0) order.sort(() => random(3) - 1)
  const broadcast = shape.map(() => !plain && random(5) === 0)
  const step = shape.map(() => (!plain && random(6) === 0 ? 2 : 1))
  const stored = order.map((axis) => (broadcast[axis] ? 1 : (shape[axis] as number) * (step[axis] as number)))
  const storedStrides = contiguousStrides(stored)
  const lead = plain ? 0 : random(3)
  let offset = lead
  const strides = shape.map((extent, axis) => {
    if (broadcast[axis]) return 0
    const stride = (storedStrides[order.indexOf(axis)] as number) * (step[axis] as number)
    if (plain || extent === 0 || random(6) !== 0) return stride
    offset += stride * (extent - 1)
    return -stride
  })
  return { view: { shape, strides, offset }, size: sizeOf(stored) + lead }
}

export function randomExpression(
  random: (n: number) => number,
  inputs: number,
  rank: number,
  dtype: ScalarDType,
): Expression {
  const pool: Expression[] = Array.from({ length: inputs }, (_, i) => input(i, dtype))
  pool.push(constant(random(5) - 2, dtype))
  if (rank > 0 && random(2) === 0 && dtype !== 'bool') pool.push(index(random(rank), dtype))
  const pick = (): Expression => pool[random(pool.length)] as Expression
  for (let n = 1 + random(4); n > 0; n--) {
    const op = [ADD, SUB, MUL, MAX, NEG, CUBE, WHERE][random(7)]
    if (op === WHERE) pool.push(call(WHERE, [call(LESS, [pick(), pick()], 'bool'), pick(), pick()]))
    else if (op === NEG || op === CUBE) pool.push(call(op, [pick()]))
    else pool.push(call(op as typeof ADD, [pick(), pick()]))
  }
  return pool[pool.length - 1] as Expression
}

const EXTENTS = [1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 70]

export function randomShape(random: (n: number) => number, limit = 6000): number[] {
  for (;;) {
    const shape = Array.from({ length: random(5) }, () => EXTENTS[random(EXTENTS.length)] as number)
    if (sizeOf(shape) <= limit) return shape
  }
}

/** Slots in order: inputs, then outputs. */
export function randomMap(random: (n: number) => number, dtype: ScalarDType): { launch: MapLaunch; sizes: number[] } {
  const shape = randomShape(random)
  const inputs = 1 + random(3)
  const sizes: number[] = []
  const operand = (plain: boolean): Operand => {
    let made = randomView(random, shape, plain)
    if (!plain) return { slot: sizes.push(made.size) - 1, dtype, view: made.view }
    // Outputs may be permuted, never broadcast.
    const order = [...shape.keys()]
    if (random(4) === 0) order.reverse()
    const strides = contiguousStrides(order.map((axis) => shape[axis] as number))
    made = {
      view: { shape, strides: shape.map((_, axis) => strides[order.indexOf(axis)] as number), offset: 0 },
      size: made.size,
    }
    return { slot: sizes.push(made.size) - 1, dtype, view: made.view }
  }
  const ins = Array.from({ length: inputs }, () => operand(false))
  const count = 1 + random(2)
  return {
    launch: {
      kind: 'map',
      label: 'test',
      shape,
      inputs: ins,
      expressions: Array.from({ length: count }, () => randomExpression(random, inputs, shape.length, dtype)),
      outputs: Array.from({ length: count }, () => operand(true)),
    },
    sizes,
  }
}

export function randomReduce(
  random: (n: number) => number,
  dtype: ScalarDType,
): { launch: ReduceLaunch; sizes: number[] } {
  let shape = randomShape(random)
  while (shape.length === 0) shape = randomShape(random)
  const reduced = 1 + random(shape.length)
  const inputs = 1 + random(2)
  const sizes: number[] = []
  const ins = Array.from({ length: inputs }, () => {
    const { view, size } = randomView(random, shape, random(2) === 0)
    return { slot: sizes.push(size) - 1, dtype, view }
  })
  const outShape = shape.slice(0, shape.length - reduced)
  const output = randomView(random, outShape, true)
  return {
    launch: {
      kind: 'reduce',
      label: 'test',
      shape,
      reduced,
      combine: (['sum', 'max', 'min'] as const)[random(3)] as 'sum',
      inputs: ins,
      expression: randomExpression(random, inputs, shape.length, dtype),
      output: { slot: sizes.push(output.size) - 1, dtype, view: output.view },
    },
    sizes,
  }
}
