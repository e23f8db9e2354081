import type { ComputeType, ScalarDType } from '../dtype.js'
import type { KernelTarget } from '../kernel/kernel-builder.js'
import type { ReduceCombine } from '../ops/op-record.js'
import { nodesOf } from '../schedule/expression-nodes.js'
import type { Expression, ReduceLaunch } from '../schedule/program.js'
import { type Shape, sizeOf } from '../shape.js'
import type { View } from '../view.js'
import { axesByStride, type CollapsedAxes, collapseAxes } from './collapse-axes.js'
import { indexAxes } from './expression-values.js'
import type { BufferBinding } from './launch-pass.js'
import { strideClass } from './operand-class.js'

/*
 * A reduction walks its reduced axes in blocks: fresh accumulators for each block, then one total over the blocks, so
 * that a float sum's error grows with the depth of that tree and not with its length. Long reductions are first cut
 * into chunks of blocks whose partial results a second pass combines. All of it depends on shapes alone.
 *   rows     the innermost reduced axis is contiguous: vectors run along it
 *   columns  the innermost output axis is contiguous: vectors hold neighbouring outputs
 *   general  any strides, one element at a time
 */
export type ReduceKind = 'rows' | 'columns' | 'general'

/** Elements of the innermost reduced axis between two additions to the total. */
export const BLOCK: Readonly<Record<ReduceKind, number>> = { rows: 2048, columns: 128, general: 128 }
/** Vectors of a strip of columns (two cache lines), and accumulators of a row; half as many of a long expression. */
const STRIP_VECTORS = 8
export const ROW_VECTORS = 4
export const LONG_EXPRESSION = 24
/** A reduction longer than this is always cut; with few outputs a shorter one is, so that all threads have work. */
const CUT_ALWAYS = 16_384
const CUT_WHEN_FEW = 4096
const FEW_UNITS = 16
/** Elements of a chunk, and the most chunks of one output. */
const CHUNK = 8192
const MOST_CHUNKS = 4096

export interface ReduceInput {
  readonly binding: BufferBinding
  readonly dtype: ScalarDType
  readonly view: View
}

/** A reduction launch, or one pass of it. */
export interface ReduceTask {
  readonly label: string
  readonly shape: Shape
  readonly reduced: number
  readonly combine: ReduceCombine
  readonly inputs: readonly ReduceInput[]
  readonly expression: Expression
  readonly output: ReduceInput
  readonly accumulator: ComputeType
  /** The value of an empty reduction. */
  readonly identity: number
  /** The launch, where this pass stores its results: they go through its epilogue. */
  readonly finishes: ReduceLaunch | null
}

/** Strides over `extents` in row-major order where the last axis moves by `last`. */
export function rowMajor(extents: readonly number[], last: number): number[] {
  const strides = new Array<number>(extents.length)
  let stride = last
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= extents[axis] as number
  }
  return strides
}

export interface ReducePlan {
  readonly kind: ReduceKind
  readonly lanes: number
  readonly stripVectors: number
  /** Strides: the inputs', then the output's. */
  readonly outer: CollapsedAxes
  readonly inner: CollapsedAxes
  /** Extent of the innermost reduced axis; the blocks it is cut into; blocks in all. */
  readonly length: number
  readonly blocks: number
  readonly units: number
  /** Work items of one chunk: outputs, or strips of columns. */
  readonly items: number
}

export function planReduce(task: ReduceTask, target: KernelTarget): ReducePlan {
  const rank = task.shape.length
  const lead = rank - task.reduced
  const axes = [...task.shape.keys()]
  const inputViews = task.inputs.map((input) => input.view)
  const pinned = indexAxes(nodesOf([task.expression]))
  const outer = collapseAxes(
    task.shape,
    axesByStride(axes.slice(0, lead), task.output.view),
    [...inputViews, task.output.view],
    pinned,
  )
  const reducedAxes = axes.slice(lead)
  // The input with the most different elements decides the order in which memory is walked.
  const distinct = (view: View): number =>
    reducedAxes.reduce((n, axis) => n * (view.strides[axis] === 0 ? 1 : (task.shape[axis] as number)), 1)
  const main = inputViews.reduce<View | null>((a, b) => (a && distinct(a) >= distinct(b) ? a : b), null)
  const empty = reducedAxes.some((axis) => task.shape[axis] === 0)
  const walked = collapseAxes(task.shape, main ? axesByStride(reducedAxes, main) : reducedAxes, inputViews, pinned)
  const inner: CollapsedAxes = empty
    ? { extents: [0], strides: inputViews.map(() => [0]), place: new Map() }
    : walked.extents.length === 0
      ? { extents: [1], strides: inputViews.map(() => [0]), place: new Map() }
      : walked

  const lastOuter = outer.extents.length - 1
  const lastInner = inner.extents.length - 1
  const length = inner.extents[lastInner] as number
  const plain = (of: CollapsedAxes, axis: number): boolean =>
    ![...of.place.values()].includes(axis) &&
    task.inputs.every((_, i) => strideClass(of.strides[i]?.[axis] as number) !== 'other')
  const columns = lastOuter >= 0 && outer.strides[task.inputs.length]?.[lastOuter] === 1 && plain(outer, lastOuter)
  const rows = plain(inner, lastInner) && !(columns && length < 2 * target.vectorLanes)
  const kind: ReduceKind = target.vectorLanes === 1 ? 'general' : rows ? 'rows' : columns ? 'columns' : 'general'
  const blocks = Math.ceil(length / BLOCK[kind])
  const stripVectors = STRIP_VECTORS / (nodesOf([task.expression]).length > LONG_EXPRESSION ? 2 : 1)
  const strip = stripVectors * target.vectorLanes
  const outputs = sizeOf(outer.extents)
  return {
    kind,
    lanes: target.vectorLanes,
    stripVectors,
    outer,
    inner,
    length,
    blocks,
    units: sizeOf(inner.extents.slice(0, lastInner)) * blocks,
    items:
      kind === 'columns'
        ? (outputs / (outer.extents[lastOuter] as number)) * Math.ceil((outer.extents[lastOuter] as number) / strip)
        : outputs,
  }
}

/** How many chunks each output's blocks are cut into; 1: a single pass. */
export function chunksOf(plan: ReducePlan): number {
  const elements = sizeOf(plan.inner.extents)
  const width = plan.kind === 'columns' ? plan.stripVectors * plan.lanes : 1
  const cut = elements > CUT_ALWAYS || (plan.items < FEW_UNITS && elements * width >= 2 * CUT_WHEN_FEW)
  if (!cut) return 1
  const wanted = Math.max(2, Math.ceil((elements * Math.min(width, 4)) / CHUNK))
  const perChunk = Math.ceil(plan.units / Math.min(wanted, MOST_CHUNKS))
  return Math.ceil(plan.units / perChunk)
}
