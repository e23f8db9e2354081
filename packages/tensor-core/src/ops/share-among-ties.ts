import type { Tensor } from '../graph/tensor.js'
import { reducedShape } from './axes.js'
import { cast } from './cast.js'
import { div } from './div.js'
import { eq } from './eq.js'
import { mul } from './mul.js'
import { reshape } from './reshape.js'
import { sum } from './sum.js'

/** Gradient of a maximum or minimum over axes: dy in equal parts to all elements that equal the result. */
export function shareAmongTies(x: Tensor, y: Tensor, dy: Tensor, axes: readonly number[]): Tensor {
  const kept = reducedShape(x.shape, axes, true)
  const winners = cast(eq(x, reshape(y, kept)), dy.dtype)
  return mul(winners, div(reshape(dy, kept), sum(winners, axes, true)))
}
