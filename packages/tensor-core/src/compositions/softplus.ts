import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { abs } from '../ops/abs.js'
import { add } from '../ops/add.js'
import { exp } from '../ops/exp.js'
import { log } from '../ops/log.js'
import { maximum } from '../ops/maximum.js'
import { neg } from '../ops/neg.js'

/** log(1 + e^x), elementwise, without overflow. */
export function softplus(x: TensorLike): Tensor {
  const value = asTensor(x)
  // log(1 + e^x) = max(x, 0) + log(1 + e^-|x|): the exponent is never positive.
  return add(maximum(value, 0), log(add(exp(neg(abs(value))), 1)))
}
