import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import { eq } from './eq.js'
import { le } from './le.js'
import { logicalNot } from './logical-not.js'
import { lt } from './lt.js'

/** The comparisons that are others turned round. */

/** True where a > b. */
export function gt(a: TensorLike, b: TensorLike): Tensor {
  return lt(b, a)
}

/** True where a >= b. */
export function ge(a: TensorLike, b: TensorLike): Tensor {
  return le(b, a)
}

/** True where a differs from b; NaN differs from everything. */
export function ne(a: TensorLike, b: TensorLike): Tensor {
  return logicalNot(eq(a, b))
}
