import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { amax } from '../ops/amax.js'
import { normalizeAxis } from '../ops/axes.js'
import { div } from '../ops/div.js'
import { checkDomain } from '../ops/elementwise.js'
import { exp } from '../ops/exp.js'
import { maximum } from '../ops/maximum.js'
import { mul } from '../ops/mul.js'
import { transpose } from '../ops/permute.js'
import { stopGradient } from '../ops/stop-gradient.js'
import { sub } from '../ops/sub.js'
import { sum } from '../ops/sum.js'
import { checkOneShape } from './check-one-shape.js'
import { defineFused } from './define-fused.js'
import { takesDTypes } from './takes-dtypes.js'

/** A total below it comes from a masked row only: any other row holds e^0 = 1. */
const SMALLEST = 1e-37

/** The most negative finite float32: keeps rows that are all -Infinity from giving NaN. */
const LOWEST = -3.4028234663852886e38

/** Softmax over the last axis.  [..., N] -> [..., N]. A row that is all -Infinity gives zeros. */
export const softmaxRows = defineFused({
  name: 'softmax',
  fallback(x: Tensor) {
    checkDomain('softmax', 'float', x.dtype)
    // The peak cancels in the quotient, so it is a constant to the gradient.
    const peak = maximum(stopGradient(amax(x, -1, true)), LOWEST)
    const powers = exp(sub(x, peak))
    const total = sum(powers, -1, true)
    return div(powers, maximum(total, SMALLEST))
  },
  kernels: { wasm: () => import('./softmax.kernel.js'), webgpu: () => import('./softmax.wgsl.js') },
  supports: takesDTypes(),
  inPlace: { 0: 0 },
  vjp: ({ dy, outputs: [y] }) => [softmaxBackward(y as Tensor, dy)],
})

/** dx of the softmax from its result and the cotangent: y * (dy - sum(dy * y)).  [..., N] -> [..., N] */
export const softmaxBackward = defineFused({
  name: 'softmaxBackward',
  fallback(y: Tensor, dy: Tensor) {
    checkOneShape('softmaxBackward', y, dy)
    return mul(y, sub(dy, sum(mul(dy, y), -1, true)))
  },
  kernels: { wasm: () => import('./softmax-backward.kernel.js'), webgpu: () => import('./softmax-backward.wgsl.js') },
  supports: takesDTypes(),
  inPlace: { 0: 1 },
})

/** e^x / sum(e^x) along `axis`. A slice that is all -Infinity (fully masked) gives zeros. */
export function softmax(x: TensorLike, axis = -1): Tensor {
  const tensor = asTensor(x)
  const at = normalizeAxis('softmax', axis, tensor.rank)
  if (at === tensor.rank - 1) return softmaxRows(tensor)
  return transpose(softmaxRows(transpose(tensor, at, -1)), at, -1)
}
