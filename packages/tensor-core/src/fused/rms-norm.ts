import { ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { add } from '../ops/add.js'
import { checkDomain } from '../ops/elementwise.js'
import { mean } from '../ops/mean.js'
import { mul } from '../ops/mul.js'
import type { VjpContext } from '../ops/op-record.js'
import { rsqrt } from '../ops/rsqrt.js'
import { sub } from '../ops/sub.js'
import { sum } from '../ops/sum.js'
import { formatShape } from '../shape.js'
import { checkOneShape } from './check-one-shape.js'
import { defineFused } from './define-fused.js'
import { takesDTypes } from './takes-dtypes.js'

interface NormOptions {
  readonly eps: number
}

/**
 * x / sqrt(mean(x^2) + eps) * weight over the last axis.  [..., C] and [C] -> [..., C].
 * Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4. Throws ShapeError, DTypeError.
 */
export const rmsNorm = defineFused({
  name: 'rmsNorm',
  fallback(x: Tensor, weight: Tensor, { eps }: NormOptions) {
    checkDomain('rmsNorm', 'float', x.dtype)
    checkWeight('rmsNorm', x, weight)
    return mul(mul(x, rsqrt(add(mean(mul(x, x), -1, true), eps))), weight)
  },
  kernels: { wasm: () => import('./rms-norm.kernel.js'), webgpu: () => import('./rms-norm.wgsl.js') },
  supports: takesDTypes(),
  vjp: ({ dy, inputs: [x, weight], attributes }: VjpContext<NormOptions>) =>
    rmsNormBackward(x as Tensor, weight as Tensor, dy, attributes),
})

/** dx and dweight of rmsNorm.  [..., C], [C], [..., C] -> [..., C], [C] */
export const rmsNormBackward = defineFused({
  name: 'rmsNormBackward',
  fallback(x: Tensor, weight: Tensor, dy: Tensor, { eps }: NormOptions) {
    checkWeight('rmsNormBackward', x, weight)
    checkOneShape('rmsNormBackward', x, dy)
    const scale = rsqrt(add(mean(mul(x, x), -1, true), eps))
    const normal = mul(x, scale)
    const weighted = mul(dy, weight)
    const dx = mul(scale, sub(weighted, mul(normal, mean(mul(weighted, normal), -1, true))))
    const leading = Array.from({ length: x.rank - 1 }, (_, axis) => axis)
    return [dx, sum(mul(dy, normal), leading)] as const
  },
  kernels: {
    wasm: () => import('./rms-norm-backward.kernel.js'),
    webgpu: () => import('./rms-norm-backward.wgsl.js'),
  },
  supports: takesDTypes(),
  inPlace: { 0: 2 },
})

/** Refuses a weight that is not [C] for an x of [..., C]. */
export function checkWeight(where: string, x: Tensor, weight: Tensor): void {
  const channels = x.shape[x.rank - 1]
  if (x.rank === 0 || weight.rank !== 1 || weight.shape[0] !== channels) {
    throw new ShapeError(
      where,
      `x [..., C] and a weight [C] (C = ${channels})`,
      `${formatShape(x.shape)} and ${formatShape(weight.shape)}`,
    )
  }
}
