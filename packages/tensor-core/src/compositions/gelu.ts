import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { add } from '../ops/add.js'
import { erf } from '../ops/erf.js'
import { mul } from '../ops/mul.js'

/** x Phi(x) with the normal distribution function Phi, exact. Hendrycks and Gimpel 2016, arXiv 1606.08415. */
export function gelu(x: TensorLike): Tensor {
  const value = asTensor(x)
  return mul(mul(value, 0.5), add(erf(mul(value, Math.SQRT1_2)), 1))
}
