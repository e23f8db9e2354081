import { type DType, isBlock } from '../dtype.js'
import { DTypeError } from '../errors.js'

/** Refuses block formats, whose elements have no address of their own. */
export function checkNoBlocks(where: string, dtype: DType): void {
  if (isBlock(dtype)) throw new DTypeError(where, 'a scalar dtype', dtype.name, "Decode it with .cast('float32').")
}
