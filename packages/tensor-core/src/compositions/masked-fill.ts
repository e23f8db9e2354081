import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { full } from '../ops/full.js'
import { where } from '../ops/where.js'

/** `value` where the mask (bool) holds, x elsewhere. */
export function maskedFill(x: TensorLike, mask: TensorLike, value: number): Tensor {
  return where(mask, full([], value, asTensor(x).dtype), x)
}
