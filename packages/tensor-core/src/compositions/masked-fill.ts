import { dtypeName } from '../dtype.js'
import { DTypeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { full } from '../ops/full.js'
import { where } from '../ops/where.js'

/** `value` where the mask (bool) holds, x elsewhere. */
export function maskedFill(x: TensorLike, mask: TensorLike, value: number): Tensor {
  const bools = asTensor(mask)
  if (bools.dtype !== 'bool')
    throw new DTypeError('maskedFill', 'a bool mask', dtypeName(bools.dtype), 'Compare first, e.g. x.gt(0).')
  return where(bools, full([], value, asTensor(x).dtype), x)
}
