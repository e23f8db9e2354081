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

/** A map that copies inputs or fills with constants, over the bits of what it moves; any other map as it is. */
export function mapAsBits(launch: MapLaunch): MapLaunch {
  const expressions = launch.expressions.map((expression, i) => asBits(expression, launch.outputs[i]?.dtype))
  if (expressions.includes(null)) return launch
  const raw = <O extends { readonly dtype: DType }>(operand: O): O => ({ ...operand, dtype: movedAs(operand.dtype) })
  return {
    ...launch,
    inputs: launch.inputs.map(raw),
    outputs: launch.outputs.map(raw),
    expressions: expressions as Expression[],
  }
}

function asBits(expression: Expression, stored: DType | undefined): Expression | null {
  if (expression.dtype !== stored || stored === undefined) return null
  if (expression.kind === 'input') return { ...expression, dtype: movedAs(stored) }
  if (expression.kind !== 'constant' || isBlock(stored)) return null
  const dtype = movedAs(stored)
  if (dtype === stored) return expression
  const bits = stored === 'float32' ? floatBits(expression.value) : expression.value
  return { ...expression, dtype, value: dtype === 'uint8' ? bits & 0xff : bits >>> 0 }
}
