import { type DType, isBlock, type ScalarDType } from '../dtype.js'
import { floatBits } from '../float-bits.js'
import { nodesOf } from '../schedule/expression-nodes.js'
import type { Expression, MapLaunch } from '../schedule/program.js'

/*
 * What only moves elements does not need to know what they mean: one kernel serves all dtypes of a width. The floats of 16
 * bits keep their own, as a register would hold them as other numbers.
 */
const RAW: Readonly<Record<ScalarDType, ScalarDType>> = {
  float32: 'uint32',
  int32: 'uint32',
  uint32: 'uint32',
  float16: 'float16',
  bfloat16: 'bfloat16',
  int8: 'uint8',
  uint8: 'uint8',
  bool: 'uint8',
}

/** The dtype as which elements are moved. */
export const movedAs = (dtype: DType): DType => (isBlock(dtype) ? dtype : RAW[dtype])

/**
 * A map that copies inputs, chooses between them or fills with constants, over the bits of what it moves; any other map as it
 * is.
 */
export function mapAsBits(launch: MapLaunch): MapLaunch {
  const [moved, read] = [new Set<number>(), new Set<number>()]
  const done = new Map<Expression, Expression | null>()
  const inBits = (node: Expression): Expression | null => {
    if (isBlock(node.dtype)) return null
    const dtype = movedAs(node.dtype)
    switch (node.kind) {
      case 'input':
        moved.add(node.index)
        return { ...node, dtype }
      case 'constant': {
        if (dtype === node.dtype) return node
        const bits = node.dtype === 'float32' ? floatBits(node.value) : node.value
        return { ...node, dtype, value: dtype === 'uint8' ? bits & 0xff : bits >>> 0 }
      }
      case 'apply': {
        const { moves } = node.record
        if (!moves) return null
        const args = node.args.map((arg, i) => {
          if (moves.includes(i)) return visit(arg)
          for (const leaf of nodesOf([arg])) if (leaf.kind === 'input') read.add(leaf.index)
          return arg
        })
        return args.includes(null) ? null : { ...node, dtype, args: args as Expression[] }
      }
      default:
        return null
    }
  }
  const visit = (node: Expression): Expression | null => {
    const known = done.get(node)
    if (known !== undefined) return known
    const made = inBits(node)
    done.set(node, made)
    return made
  }
  const expressions = launch.expressions.map((root, i) =>
    root.dtype === launch.outputs[i]?.dtype ? visit(root) : null,
  )
  // What is moved and read for its value at once has no dtype of its own.
  if (expressions.includes(null) || [...moved].some((input) => read.has(input))) return launch
  const raw = <O extends { readonly dtype: DType }>(operand: O): O => ({ ...operand, dtype: movedAs(operand.dtype) })
  return {
    ...launch,
    inputs: launch.inputs.map((operand, i) => (moved.has(i) ? raw(operand) : operand)),
    outputs: launch.outputs.map(raw),
    expressions: expressions as Expression[],
  }
}
