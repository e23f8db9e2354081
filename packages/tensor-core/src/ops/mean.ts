import { isFloat } from '../dtype.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { normalizeAxes } from './axes.js'
import { cast } from './cast.js'
import { mul } from './mul.js'
import { sum } from './sum.js'

/** Arithmetic mean over axes (all by default); integers are averaged as float32. */
export function mean(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  const tensor = asTensor(x)
  const list = normalizeAxes('mean', axes, tensor.rank)
  const count = list.reduce((n, axis) => n * (tensor.shape[axis] as number), 1)
  const exact = isFloat(tensor.dtype) ? tensor : cast(tensor, 'float32')
  return mul(sum(exact, list, keepDims), 1 / count)
}
