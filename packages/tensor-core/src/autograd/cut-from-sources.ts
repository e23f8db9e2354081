import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { reshapeRecord } from '../ops/reshape.js'

/**
 * x as a node of its own, at no cost, at which `vjpOf` can be told to stop, so that an input which another input was
 * computed from is not counted twice. Unlike stopGradient it lets the gradient of that gradient through to x.
 */
export function cutFromSources(x: Tensor): Tensor {
  return apply(reshapeRecord, [x], { shape: x.shape })
}
