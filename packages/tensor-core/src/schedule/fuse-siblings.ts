import { type Shape, sameShape } from '../shape.js'
import { isContiguous } from '../view.js'
import { nodesOf } from './expression-nodes.js'
import type { Expression, Launch, MapLaunch, Operand } from './program.js'
import { sameOperand } from './program-builder.js'
import { replaceLeaves } from './replace-leaves.js'

/** Operands of one kernel, outputs included, where a backend says nothing: the storage buffers that every GPU has for a stage. */
const MOST_OPERANDS = 8
/** Nodes of its expressions. */
const MOST_NODES = 48

/**
 * Maps that follow one another, go over one shape and read something in common become one launch with several outputs: it
 * reads what they share once. As neighbours they change places with nobody, so nothing lives longer than before. Neither
 * may write what another reads.
 */
export function fuseSiblings(launches: readonly Launch[], maxOperands = MOST_OPERANDS): Launch[] {
  const fused: Launch[] = []
  for (const launch of launches) {
    const last = fused.at(-1)
    const joined = last?.kind === 'map' && launch.kind === 'map' ? join(last, launch, maxOperands) : null
    if (joined) fused[fused.length - 1] = joined
    else fused.push(launch)
  }
  return fused
}

function join(a: MapLaunch, b: MapLaunch, maxOperands: number): MapLaunch | null {
  if (!sameShape(a.shape, b.shape) || !runsAlongRows(a) || !runsAlongRows(b)) return null
  if (touches(a.outputs, b.inputs) || touches(b.outputs, a.inputs) || touches(a.outputs, b.outputs)) return null
  const inputs = [...a.inputs]
  const place = b.inputs.map((operand) => {
    const known = inputs.findIndex((other) => sameOperand(other, operand))
    return known >= 0 ? known : inputs.push(operand) - 1
  })
  if (inputs.length === a.inputs.length + b.inputs.length) return null
  const outputs = [...a.outputs, ...b.outputs]
  // One node an input, so that it is loaded once.
  const shared = new Map<number, Expression>()
  const onInputs = (roots: readonly Expression[], placeOf: (index: number) => number): Expression[] =>
    replaceLeaves(roots, (leaf) => {
      if (leaf.kind !== 'input') return leaf
      const index = placeOf(leaf.index)
      const known = shared.get(index) ?? { ...leaf, index }
      shared.set(index, known)
      return known
    })
  const expressions = [
    ...onInputs(a.expressions, (index) => index),
    ...onInputs(b.expressions, (index) => place[index] as number),
  ]
  if (inputs.length + outputs.length > maxOperands || nodesOf(expressions).length > MOST_NODES) return null
  const label = a.label.split(', ').includes(b.label) ? a.label : `${a.label}, ${b.label}`
  return { kind: 'map', label, shape: a.shape, inputs, expressions, outputs }
}

/** Whether every operand is read and written along the innermost axis as it lies in memory, or is the same there. */
function runsAlongRows({ shape, inputs, outputs }: MapLaunch): boolean {
  const inner = innermost(shape)
  return (
    outputs.every(({ view }) => isContiguous(view)) &&
    inputs.every(({ view }) => inner < 0 || view.strides[inner] === 0 || view.strides[inner] === 1)
  )
}

const innermost = (shape: Shape): number => shape.findLastIndex((extent) => extent !== 1)

function touches(some: readonly Operand[], others: readonly Operand[]): boolean {
  return some.some(({ slot }) => others.some((other) => other.slot === slot))
}
