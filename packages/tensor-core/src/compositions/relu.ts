import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import { maximum } from '../ops/maximum.js'

/** max(x, 0), elementwise. The gradient at 0 is 1/2, as of any tie. */
export function relu(x: TensorLike): Tensor {
  return maximum(x, 0)
}
