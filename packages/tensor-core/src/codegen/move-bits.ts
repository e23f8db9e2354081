import { type DType, isBlock, type ScalarDType } from '../dtype.js'
import { floatBits } from '../float-bits.js'
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
  const expressions = launch.expressions.map((expression, i) =>
    asBits(expression, launch.outputs[i]?.dtype, moved, read),
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

function asBits(
  expression: Expression,
  stored: DType | undefined,
  moved: Set<number>,
  read: Set<number>,
): Expression | null {
  if (stored === undefined || isBlock(stored) || expression.dtype !== stored) return null
  const dtype = movedAs(stored)
  switch (expression.kind) {
    case 'input':
      moved.add(expression.index)
      return { ...expression, dtype }
    case 'constant': {
      if (dtype === stored) return expression
      const bits = stored === 'float32' ? floatBits(expression.value) : expression.value
      return { ...expression, dtype, value: dtype === 'uint8' ? bits & 0xff : bits >>> 0 }
    }
    case 'apply': {
      const { moves } = expression.record
      if (!moves) return null
      const args = expression.args.map((arg, i) => {
        if (moves.includes(i)) return asBits(arg, stored, moved, read)
        inputsOf(arg, read)
        return arg
      })
      return args.includes(null) ? null : { ...expression, dtype, args: args as Expression[] }
    }
    default:
      return null
  }
}

/** Adds the inputs that an expression reads. */
function inputsOf(expression: Expression, read: Set<number>): void {
  if (expression.kind === 'input') read.add(expression.index)
  else if (expression.kind === 'apply') for (const arg of expression.args) inputsOf(arg, read)
}
