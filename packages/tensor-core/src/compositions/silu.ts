import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { mul } from '../ops/mul.js'
import { sigmoid } from './sigmoid.js'

/** x * sigmoid(x), elementwise. Elfwing et al. 2017, arXiv 1702.03118. */
export function silu(x: TensorLike): Tensor {
  const value = asTensor(x)
  return mul(value, sigmoid(value))
}
