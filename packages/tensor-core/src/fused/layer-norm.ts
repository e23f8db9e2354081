import type { Tensor } from '../graph/tensor.js'
import { add } from '../ops/add.js'
import { checkDomain } from '../ops/elementwise.js'
import { mean } from '../ops/mean.js'
import { mul } from '../ops/mul.js'
import type { VjpContext } from '../ops/op-record.js'
import { rsqrt } from '../ops/rsqrt.js'
import { sub } from '../ops/sub.js'
import { sum } from '../ops/sum.js'
import { checkOneShape } from './check-one-shape.js'
import { defineFused } from './define-fused.js'
import { checkWeight } from './rms-norm.js'
import { takesDTypes } from './takes-dtypes.js'

interface NormOptions {
  readonly eps: number
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias over the last axis.  [..., C], [C], [C] -> [..., C].
 * Ba et al. 2016, arXiv 1607.06450, eq. 4. Throws ShapeError, DTypeError.
 */
export const layerNorm = defineFused({
  name: 'layerNorm',
  fallback(x: Tensor, weight: Tensor, bias: Tensor, { eps }: NormOptions) {
    checkDomain('layerNorm', 'float', x.dtype)
    checkWeight('layerNorm', x, weight)
    checkWeight('layerNorm', x, bias)
    const centred = sub(x, mean(x, -1, true))
    const normal = mul(centred, rsqrt(add(mean(mul(centred, centred), -1, true), eps)))
    return add(mul(normal, weight), bias)
  },
  kernels: { wasm: () => import('./layer-norm.kernel.js'), webgpu: () => import('./layer-norm.wgsl.js') },
  supports: takesDTypes(),
  vjp: ({ dy, inputs: [x, weight], attributes }: VjpContext<NormOptions>) =>
    layerNormBackward(x as Tensor, weight as Tensor, dy, attributes),
})

/** dx, dweight and dbias of layerNorm.  [..., C], [C], [..., C] -> [..., C], [C], [C] */
export const layerNormBackward = defineFused({
  name: 'layerNormBackward',
  fallback(x: Tensor, weight: Tensor, dy: Tensor, { eps }: NormOptions) {
    checkWeight('layerNormBackward', x, weight)
    checkOneShape('layerNormBackward', x, dy)
    const centred = sub(x, mean(x, -1, true))
    const scale = rsqrt(add(mean(mul(centred, centred), -1, true), eps))
    const normal = mul(centred, scale)
    const weighted = mul(dy, weight)
    const slope = mul(normal, mean(mul(weighted, normal), -1, true))
    const dx = mul(sub(sub(weighted, mean(weighted, -1, true)), slope), scale)
    const leading = Array.from({ length: x.rank - 1 }, (_, axis) => axis)
    return [dx, sum(mul(dy, normal), leading), sum(dy, leading)] as const
  },
  kernels: {
    wasm: () => import('./layer-norm-backward.kernel.js'),
    webgpu: () => import('./layer-norm-backward.wgsl.js'),
  },
  supports: takesDTypes(),
  inPlace: { 0: 2 },
})
