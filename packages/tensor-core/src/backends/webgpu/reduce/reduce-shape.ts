import type { ReducePlan, ReduceTask } from '../../../codegen/plan-reduce.js'
import { sizeOf } from '../../../shape.js'

/** Invocations of a workgroup. */
export const INVOCATIONS = 256

/**
 * How a workgroup is dealt out: to runs of `span` invocations, in which `least` outputs lie side by side, each shared by
 * span / least of them. One output a run where neighbours in memory are elements of one output; as many outputs as there are
 * invocations where each is best taken by one alone.
 */
export interface ReduceShape {
  readonly span: number
  readonly least: number
  /** Parts of an output's elements, each of which is a workgroup's; a second pass joins them. */
  readonly chunks: number
  /** Elements of a part. */
  readonly perChunk: number
}

/** Elements below which an invocation takes an output alone. */
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

/** Outputs that a workgroup takes at a time. */
export const outputsAtOnce = ({ span, least }: Pick<ReduceShape, 'span' | 'least'>): number =>
  (INVOCATIONS * least) / span

/** The shape of a task's first pass. It depends on sizes and strides alone. */
export function reduceShape(task: ReduceTask, plan: ReducePlan): ReduceShape {
  const { outer, inner } = plan
  const [outputs, elements] = [sizeOf(outer.extents), sizeOf(inner.extents)]
  const beside = neighbours(task, plan) === 'column'
  if (elements < FEW_ELEMENTS || (beside && outputs >= MANY_OUTPUTS)) {
    return { span: beside ? INVOCATIONS : 1, least: beside ? INVOCATIONS : 1, chunks: 1, perChunk: elements }
  }
  const [span, least] = beside ? [INVOCATIONS, 32] : elements <= SHORT_ROW ? [16, 1] : [INVOCATIONS, 1]
  const groups = Math.ceil(outputs / outputsAtOnce({ span, least }))
  const wanted = Math.min(
    MOST_CHUNKS,
    Math.ceil(ENOUGH_GROUPS / groups),
    Math.ceil(elements / ((LEAST_ELEMENTS * span) / least)),
  )
  const perChunk = Math.ceil(elements / wanted)
  return { span, least, chunks: Math.ceil(elements / perChunk), perChunk }
}

/** What lies side by side in the input of which most elements are read. */
function neighbours(task: ReduceTask, { outer, inner }: ReducePlan): 'row' | 'column' {
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
