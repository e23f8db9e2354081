import { byteLengthOf, isBlock } from '../dtype.js'
import { sizeOf } from '../shape.js'
import { contiguousView, isContiguous } from '../view.js'
import { reshapedReach } from './epilogue.js'
import { nodesOf } from './expression-nodes.js'
import type { Expression, Launch, MapLaunch, Operand, OpLaunch, ReduceLaunch } from './program.js'
import { inputsOf, outputsOf, type ProgramDraft } from './program-builder.js'
import { replaceLeaves } from './replace-leaves.js'

/** Operands of one launch with its epilogue; more would not fit a GPU's bindings. */
const MOST_INPUTS = 6

/**
 * The last fusion rule: a map whose input is the float32 result of a matrix product or a reduction that nobody else reads
 * becomes the epilogue of that launch, which stores it instead. Of several such inputs it is the one computed last. The map's
 * other inputs must be reached as an `Epilogue` reaches them, and nothing that the earlier launch reads may be written
 * between the two, as it now runs in the map's place; nor may that keep more memory alive.
 *
 * It comes after States were placed, because a map may write a State's buffer over its old version, and an epilogue may not:
 * sums stand in the output before all of it is read.
 */
export function fuseEpilogues<Binding>(draft: ProgramDraft<Binding>): void {
  const { launches, slots } = draft
  const readers = slots.map((): number[] => [])
  const writers = slots.map((): number[] => [])
  launches.forEach((launch, i) => {
    for (const slot of slotsOf(inputsOf(launch))) readers[slot]?.push(i)
    for (const slot of slotsOf(outputsOf(launch))) writers[slot]?.push(i)
  })
  const removed = new Set<number>()
  const fills = ({ slot, view, dtype }: Operand): boolean =>
    isContiguous(view) && dtype === slots[slot]?.dtype && sizeOf(view.shape) === slots[slot]?.size
  const untouchedBetween = (launch: Launch, from: number, to: number): boolean =>
    slotsOf(inputsOf(launch)).every((slot) => !writers[slot]?.some((writer) => writer > from && writer < to))
  /** Whether what ends with the launch where it is now, and would live on until `to`, is more than the result it replaces. */
  const holdsMore = (launch: Launch, from: number, to: number): boolean => {
    const between = launches.some((_, i) => i > from && i < to && !removed.has(i))
    const bytes = (of: readonly number[]): number =>
      of.reduce((sum, slot) => {
        const { bound, dtype, size } = slots[slot] as (typeof slots)[number]
        return sum + (bound === undefined ? byteLengthOf(dtype, size) : 0)
      }, 0)
    const ended = slotsOf(inputsOf(launch)).filter((slot) => Math.max(...(readers[slot] as number[])) < to)
    return between && bytes(ended) > bytes(slotsOf(outputsOf(launch)))
  }

  launches.forEach((map, at) => {
    if (map.kind !== 'map' || map.outputs.length !== 1) return
    const output = map.outputs[0] as Operand
    if (output.dtype !== 'float32' || !fills(output) || nodesOf(map.expressions).some(({ kind }) => kind === 'index'))
      return
    const candidates = map.inputs.flatMap((input, index) => {
      const [writer, second] = writers[input.slot] as number[]
      const own = slots[input.slot]?.bound === undefined && readers[input.slot]?.length === 1
      if (!own || writer === undefined || second !== undefined || !fills(input)) return []
      if (map.inputs.some(({ slot }, other) => slot === input.slot && other !== index)) return []
      const launch = launches[writer] as Launch
      return takesEpilogue(launch) &&
        !launch.epilogue &&
        untouchedBetween(launch, writer, at) &&
        !holdsMore(launch, writer, at)
        ? [{ index, writer, launch }]
        : []
    })
    candidates.sort((a, b) => b.writer - a.writer)
    for (const { index, writer, launch } of candidates) {
      const fused = withEpilogue(launch, map, index)
      if (!fused) continue
      launches[at] = fused
      removed.add(writer)
      // What the earlier launch read, it reads here now.
      for (const slot of slotsOf(inputsOf(launch))) readers[slot]?.push(at)
      return
    }
  })
  const kept = launches.filter((_, i) => !removed.has(i))
  launches.splice(0, launches.length, ...kept)
}

const slotsOf = (operands: readonly Operand[]): number[] => [...new Set(operands.map(({ slot }) => slot))]

function takesEpilogue(launch: Launch): launch is ReduceLaunch | OpLaunch {
  if (launch.kind === 'reduce') return launch.output.dtype === 'float32'
  return launch.kind === 'op' && launch.record.takesEpilogue === true && launch.outputs[0]?.dtype === 'float32'
}

/** The launch with the map as its epilogue, of which it is input `index`; null where the map reaches its inputs otherwise. */
function withEpilogue(launch: ReduceLaunch | OpLaunch, map: MapLaunch, index: number): Launch | null {
  const result = launch.kind === 'reduce' ? launch.output : (launch.outputs[0] as Operand)
  const { shape } = result.view
  const target = map.outputs[0] as Operand
  const extra: Operand[] = []
  for (const [i, operand] of map.inputs.entries()) {
    if (i === index) continue
    const view = isBlock(operand.dtype) ? null : reshapedReach(operand.view, shape)
    if (view === null) return null
    extra.push({ ...operand, view })
  }
  const own = launch.inputs
  if (own.length + extra.length > MOST_INPUTS) return null
  if ([...own, ...extra].some(({ slot }) => slot === target.slot)) return null
  const [expression] = replaceLeaves(map.expressions, (leaf) => {
    if (leaf.kind !== 'input') return leaf
    return { ...leaf, index: leaf.index < index ? leaf.index + 1 : leaf.index === index ? 0 : leaf.index }
  }) as [Expression]
  const output: Operand = { ...target, view: contiguousView(shape) }
  const epilogue = { expression, from: own.length }
  const inputs = [...own, ...extra]
  return launch.kind === 'reduce'
    ? { ...launch, inputs, output, epilogue }
    : { ...launch, inputs, outputs: [output], epilogue }
}
