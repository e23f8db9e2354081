import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { mul } from '../ops/mul.js'

/** x^2, elementwise. */
export function square(x: TensorLike): Tensor {
  const value = asTensor(x)
  return mul(value, value)
}
