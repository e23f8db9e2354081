import { bytesPerElement, type DType, isBlock, type ScalarDType, type StoredDType } from '../dtype.js'
import { floatBits, toBfloat16Bits, toFloat16Bits } from '../float-bits.js'
import type { KernelTarget } from '../kernel/kernel-builder.js'
import { nodesOf } from '../schedule/expression-nodes.js'
import type { Expression, MapLaunch } from '../schedule/program.js'
import { elementDType } from './operand-class.js'

/*
 * What only moves elements does not need to know what they mean: one kernel serves all dtypes of a width, or all narrow ones
 * (`KernelTarget.movesBits`). Where the floats of 16 bits are no bits they keep their own, as a register would hold them as
 * other numbers.
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

const BITS = { 1: 'bits8', 2: 'bits16', 4: 'uint32' } as const

/** As what the elements of a dtype are moved. */
const storedAs = (dtype: ScalarDType, { movesBits }: KernelTarget): StoredDType =>
  movesBits?.has(dtype) ? BITS[bytesPerElement(dtype) as 1 | 2 | 4] : RAW[dtype]

/** As what elements are moved; packed blocks as they are. */
export const movedAs = (dtype: DType, target: KernelTarget): DType | StoredDType =>
  isBlock(dtype) ? dtype : storedAs(dtype, target)

/** What a register holds of moved elements. */
const inRegister = (stored: StoredDType): ScalarDType => (stored === 'bits8' || stored === 'bits16' ? 'uint32' : stored)

/** The bits of an element, as a number that a u32 can hold. */
function bitsOf(value: number, dtype: ScalarDType): number {
  switch (dtype) {
    case 'float32':
      return floatBits(value) >>> 0
    case 'float16':
      return toFloat16Bits(value)
    case 'bfloat16':
      return toBfloat16Bits(value)
    default:
      return bytesPerElement(dtype) === 1 ? value & 0xff : value >>> 0
  }
}

/** A map's expressions, and what its buffers hold: inputs, then outputs. */
export interface MapElements {
  readonly expressions: readonly Expression[]
  readonly dtypes: readonly StoredDType[]
}

/**
 * A map that copies inputs, chooses between them or fills with constants, over the bits of what it moves; any other map as it
 * is.
 * @throws KernelTypeError for packed operands
 */
export function mapElements(launch: MapLaunch, target: KernelTarget): MapElements {
  const operands = [...launch.inputs, ...launch.outputs]
  const own = operands.map((operand) => elementDType(launch.label, operand))
  const [moved, read] = [new Set<number>(), new Set<number>()]
  const done = new Map<Expression, Expression | null>()
  const inBits = (node: Expression): Expression | null => {
    if (isBlock(node.dtype)) return null
    const dtype = inRegister(storedAs(node.dtype, target))
    switch (node.kind) {
      case 'input':
        moved.add(node.index)
        return { ...node, dtype }
      case 'constant':
        return dtype === node.dtype ? node : { ...node, dtype, value: bitsOf(node.value, node.dtype) }
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
  if (expressions.includes(null) || [...moved].some((input) => read.has(input))) {
    return { expressions: launch.expressions, dtypes: own }
  }
  return {
    expressions: expressions as Expression[],
    dtypes: own.map((dtype, i) => (i >= launch.inputs.length || moved.has(i) ? storedAs(dtype, target) : dtype)),
  }
}
