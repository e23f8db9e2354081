import { isBlock, type ScalarDType } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import type { Operand } from '../schedule/program.js'

/** How an operand moves along the innermost axis: to the next element, not at all, or by some other stride. */
export type StrideClass = 'unit' | 'zero' | 'other'

export function strideClass(stride: number): StrideClass {
  return stride === 1 ? 'unit' : stride === 0 ? 'zero' : 'other'
}

/** Maps and reductions read plain elements; a packed operand must have been decoded by a cast before. */
export function elementDType(label: string, operand: Operand): ScalarDType {
  if (isBlock(operand.dtype)) {
    throw new KernelTypeError(label, 'operands of a plain dtype', operand.dtype.name, 'Cast it first.')
  }
  return operand.dtype
}
