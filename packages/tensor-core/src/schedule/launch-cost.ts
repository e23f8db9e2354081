import { byteLengthOf, isBlock } from '../dtype.js'
import { type Shape, sizeOf } from '../shape.js'
import { epilogueMap, ownInputs } from './epilogue.js'
import { nodesOf } from './expression-nodes.js'
import type { Expression, Launch, Operand } from './program.js'

/** What a launch has to move and to compute, whatever kernel runs it. */
export interface LaunchCost {
  /** Bytes of the different elements that it reads and writes, each counted once. */
  readonly bytes: number
  /** Floating-point operations, a multiply-add being two; 0 where the op does not say. */
  readonly flops: number
}

export function launchCost(launch: Launch): LaunchCost {
  const operands = [...launch.inputs, ...(launch.kind === 'reduce' ? [launch.output] : launch.outputs)]
  return { bytes: operands.reduce((total, operand) => total + distinctBytes(operand), 0), flops: flopsOf(launch) }
}

/** An axis of stride 0 repeats its elements. */
function distinctBytes({ dtype, view: { shape, strides } }: Operand): number {
  // Packed views have no strides of their own: they are whole.
  const extents = isBlock(dtype) ? shape : shape.filter((_, axis) => strides[axis] !== 0)
  return byteLengthOf(dtype, sizeOf(extents))
}

function flopsOf(launch: Launch): number {
  const epilogue = launch.kind === 'reduce' || launch.kind === 'op' ? epilogueMap(launch) : null
  return ownFlops(launch) + (epilogue ? ownFlops(epilogue) : 0)
}

function ownFlops(launch: Launch): number {
  switch (launch.kind) {
    case 'map':
      return sizeOf(launch.shape) * applied(launch.expressions)
    case 'reduce':
      return sizeOf(launch.shape) * (1 + applied([launch.expression]))
    case 'op':
      return launch.record.flops?.(specs(ownInputs(launch)), launch.attributes) ?? 0
    case 'fused':
      return launch.definition.flops?.(specs(launch.inputs), launch.attributes) ?? 0
  }
}

const specs = (operands: readonly Operand[]): { shape: Shape; dtype: Operand['dtype'] }[] =>
  operands.map(({ dtype, view }) => ({ shape: view.shape, dtype }))

const applied = (roots: readonly Expression[]): number => nodesOf(roots).filter(({ kind }) => kind === 'apply').length
