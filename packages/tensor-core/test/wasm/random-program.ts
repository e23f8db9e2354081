import type { ScalarDType } from '../../src/dtype.js'
import type { Expression, Launch, Operand, Program } from '../../src/schedule/program.js'
import { contiguousStrides, sizeOf } from '../../src/shape.js'
import { contiguousView } from '../../src/view.js'
import { ADD, CLAMP, call, constant, input, MAX, MUL, NEG, SUB } from '../codegen/test-records.js'
import { programOf } from './program-builder.js'

/** Every value spans some of these axes, in an order of its own. */
const EXTENTS = [7, 12, 33]

interface Stored {
  readonly slot: number
  readonly axes: readonly number[]
}

/** A program of many launches over a growing set of values: fused maps that broadcast and transpose, and reductions. */
export function randomProgram(
  random: (n: number) => number,
  launches: number,
  dtype: ScalarDType,
): { program: Program; values: Float64Array[] } {
  const slots: { dtype: ScalarDType; size: number; bound: boolean }[] = []
  const stored: Stored[] = []
  const shapeOf = (axes: readonly number[]): number[] => axes.map((axis) => EXTENTS[axis] as number)
  const add = (axes: readonly number[], bound: boolean): Stored => {
    const value = { slot: slots.push({ dtype, size: sizeOf(shapeOf(axes)), bound }) - 1, axes }
    stored.push(value)
    return value
  }
  const someAxes = (from: readonly number[]): number[] => {
    const axes = from.filter(() => random(4) > 0)
    if (random(2) === 0) axes.reverse()
    if (random(4) === 0) axes.sort(() => random(3) - 1)
    return axes
  }
  const seen = ({ slot, axes }: Stored, target: readonly number[]): Operand => {
    const strides = contiguousStrides(shapeOf(axes))
    const view = target.map((axis) => (axes.includes(axis) ? (strides[axes.indexOf(axis)] as number) : 0))
    return { slot, dtype, view: { shape: shapeOf(target), strides: view, offset: 0 } }
  }
  const written = ({ slot, axes }: Stored): Operand => ({ slot, dtype, view: contiguousView(shapeOf(axes)) })
  const recent = (fit: (value: Stored) => boolean): Stored => {
    const fitting = stored.slice(-25).filter(fit)
    return (fitting.length > 0 ? fitting[random(fitting.length)] : stored.filter(fit)[0]) as Stored
  }
  /** Values stay small integers: exact in float32 in whatever order they are added. */
  const clamped = (e: Expression): Expression => call(CLAMP, [e])
  const expression = (inputs: number): Expression => {
    let e: Expression = input(0, dtype)
    for (let i = 1; i < inputs; i++) e = call([ADD, SUB, MUL, MAX][random(4)] as typeof ADD, [e, input(i, dtype)])
    if (random(3) === 0) e = call(NEG, [e])
    if (random(3) === 0) e = call(ADD, [e, constant(random(3), dtype)])
    return clamped(e)
  }

  add([0, 1, 2], true)
  add([1, 2], true)
  add([], true)
  const given = slots.length
  const list: Launch[] = []
  for (let n = 0; n < launches; n++) {
    const bound = n >= launches - 8
    const label = `launch ${n}`
    if (random(3) > 0) {
      const target = someAxes([0, 1, 2])
      const inputs = Array.from({ length: 1 + random(3) }, () =>
        recent(({ axes }) => axes.every((axis) => target.includes(axis))),
      )
      const outputs = Array.from({ length: 1 + random(2) }, () => add(target, bound))
      list.push({
        kind: 'map',
        label,
        shape: shapeOf(target),
        inputs: inputs.map((value) => seen(value, target)),
        expressions: outputs.map(() => expression(inputs.length)),
        outputs: outputs.map(written),
      })
    } else {
      const source = recent(({ axes }) => axes.length > 0)
      const kept = someAxes(source.axes)
      const gone = source.axes.filter((axis) => !kept.includes(axis))
      if (gone.length === 0) gone.push(kept.pop() as number)
      list.push({
        kind: 'reduce',
        label,
        shape: shapeOf([...kept, ...gone]),
        reduced: gone.length,
        combine: (['sum', 'max', 'min'] as const)[random(3)] as 'sum',
        inputs: [seen(source, [...kept, ...gone])],
        expression: clamped(input(0, dtype)),
        output: written(add(kept, bound)),
      })
    }
  }
  const values = slots.map(({ size }, slot) => {
    if (slot >= given) return new Float64Array(size)
    return Float64Array.from({ length: size }, () => random(7) - 3)
  })
  return { program: programOf(slots, list), values }
}
