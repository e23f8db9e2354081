import { ArgumentError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { argsort } from './argsort.js'
import { normalizeAxis } from './axes.js'
import { slice } from './slice.js'
import { takeAlongAxis } from './take-along-axis.js'

/** The k largest along `axis` in falling order, with their indices (int32); ties take the lowest index first. */
export function topK(x: TensorLike, k: number, axis = -1): { values: Tensor; indices: Tensor } {
  const tensor = asTensor(x)
  const at = normalizeAxis('topK', axis, tensor.rank)
  const n = tensor.shape[at] as number
  if (!Number.isInteger(k) || k < 0 || k > n) throw new ArgumentError('topK', `k from 0 to ${n}`, `${k}`)
  const order = argsort(tensor, { axis: at, descending: true })
  const indices = slice(
    order,
    tensor.shape.map((extent, i) => [0, i === at ? k : extent]),
  )
  return { values: takeAlongAxis(tensor, indices, at), indices }
}
