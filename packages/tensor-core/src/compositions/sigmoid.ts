import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import { add } from '../ops/add.js'
import { mul } from '../ops/mul.js'
import { tanh } from '../ops/tanh.js'

/** 1 / (1 + e^-x), elementwise, without overflow: (tanh(x / 2) + 1) / 2. */
export function sigmoid(x: TensorLike): Tensor {
  // One exp of a number that is never positive would need a select; tanh saturates on both sides by itself.
  return add(mul(tanh(mul(x, 0.5)), 0.5), 0.5)
}
