import type { ReducePlan, ReduceTask } from '../../../codegen/plan-reduce.js'
import { sizeOf } from '../../../shape.js'

/** Invocations of a workgroup. */
export const INVOCATIONS = 256

/**
 * How a workgroup is dealt out. `outputs`: so many of them at a time. `order`: whether neighbouring invocations take
 * neighbouring elements of one output (`row`) or one element each of neighbouring outputs (`column`): whichever lie side by
 * side in memory.
 */
export interface ReduceShape {
  readonly order: 'row' | 'column'
  readonly outputs: 1 | 16 | 32
  /** Parts of an output's elements, each of which is a workgroup's; a second pass joins them. */
  readonly chunks: number
  /** Elements of a part. */
  readonly perChunk: number
}

/** Elements below which an invocation takes an output alone, as the naive kernel has it. */
const FEW_ELEMENTS = 16
/** Elements up to which a row is a part of a workgroup's. */
const SHORT_ROW = 256
/** Outputs side by side from which on one invocation for each keeps a GPU busy. */
const MANY_OUTPUTS = 131_072
/** Workgroups that keep a GPU busy. */
const ENOUGH_GROUPS = 512
/** The most parts of an output, and the least elements that an invocation has of one. */
const MOST_CHUNKS = 256
const LEAST_ELEMENTS = 16

/** The shape of a task's passes; null where one invocation an output is best. It depends on sizes and strides alone. */
export function reduceShape(task: ReduceTask, plan: ReducePlan): ReduceShape | null {
  const { outer, inner } = plan
  const [outputs, elements] = [sizeOf(outer.extents), sizeOf(inner.extents)]
  if (elements < FEW_ELEMENTS || outputs === 0) return null
  const order = neighbours(task, plan)
  if (order === 'column' && outputs >= MANY_OUTPUTS) return null
  const side = order === 'column' ? 32 : elements <= SHORT_ROW ? 16 : 1
  const groups = Math.ceil(outputs / side)
  const least = (LEAST_ELEMENTS * INVOCATIONS) / side
  const wanted = Math.min(MOST_CHUNKS, Math.ceil(ENOUGH_GROUPS / groups), Math.ceil(elements / least))
  const perChunk = Math.ceil(elements / wanted)
  return { order, outputs: side, chunks: Math.ceil(elements / perChunk), perChunk }
}

/** What lies side by side in the input of which most elements are read. */
function neighbours(task: ReduceTask, { outer, inner }: ReducePlan): ReduceShape['order'] {
  const steps = task.inputs.map((_, i) => {
    const strides = { outer: outer.strides[i] ?? [], inner: inner.strides[i] ?? [] }
    const moved = (extents: readonly number[], along: readonly number[]): number =>
      sizeOf(extents.filter((_, axis) => along[axis] !== 0))
    return {
      elements: moved(outer.extents, strides.outer) * moved(inner.extents, strides.inner),
      row: Math.abs(strides.inner.at(-1) ?? 0) === 1,
      column: Math.abs(strides.outer.at(-1) ?? 0) === 1,
    }
  })
  const main = steps.reduce<(typeof steps)[number] | null>((a, b) => (a && a.elements >= b.elements ? a : b), null)
  return main?.column && !main.row ? 'column' : 'row'
}
