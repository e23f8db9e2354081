import type { Tensor } from '../graph/tensor.js'
import { bitAnd } from './bit-and.js'
import { ge } from './compare.js'
import { lt } from './lt.js'

/** True where an index lies in 0..n-1. */
export function indexInside(index: Tensor, n: number): Tensor {
  return bitAnd(ge(index, 0), lt(index, n))
}
