import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { abs } from '../ops/abs.js'
import { add } from '../ops/add.js'
import { amax } from '../ops/amax.js'
import { normalizeAxes, reducedShape } from '../ops/axes.js'
import { checkDomain } from '../ops/elementwise.js'
import { exp } from '../ops/exp.js'
import { log } from '../ops/log.js'
import { lt } from '../ops/lt.js'
import { reshape } from '../ops/reshape.js'
import { stopGradient } from '../ops/stop-gradient.js'
import { sub } from '../ops/sub.js'
import { sum } from '../ops/sum.js'
import { where } from '../ops/where.js'

/** log(sum(e^x)) over axes, without overflow. */
export function logsumexp(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  const value = asTensor(x)
  checkDomain('logsumexp', 'float', value.dtype)
  const list = normalizeAxes('logsumexp', axes, value.rank)
  // The maximum only keeps e^x in range: it cancels, so no gradient flows through it. Rows of -Infinity stay -Infinity.
  const peak = stopGradient(amax(value, list, true))
  const finite = where(lt(abs(peak), Number.POSITIVE_INFINITY), peak, 0)
  const total = add(log(sum(exp(sub(value, finite)), list, true)), finite)
  return keepDims ? total : reshape(total, reducedShape(value.shape, list, false))
}
