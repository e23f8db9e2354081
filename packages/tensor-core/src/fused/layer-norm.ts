import type { Tensor } from '../graph/tensor.js'
import { add } from '../ops/add.js'
import { checkDomain } from '../ops/elementwise.js'
import { mean } from '../ops/mean.js'
import { mul } from '../ops/mul.js'
import { rsqrt } from '../ops/rsqrt.js'
import { sub } from '../ops/sub.js'
import { defineFused } from './define-fused.js'
import { checkWeight } from './rms-norm.js'

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias over the last axis.  [..., C], [C], [C] -> [..., C].
 * Ba et al. 2016, arXiv 1607.06450, eq. 4. Throws ShapeError, DTypeError.
 */
export const layerNorm = defineFused({
  name: 'layerNorm',
  fallback(x: Tensor, weight: Tensor, bias: Tensor, { eps }: { readonly eps: number }) {
    checkDomain('layerNorm', 'float', x.dtype)
    checkWeight('layerNorm', x, weight)
    checkWeight('layerNorm', x, bias)
    const centred = sub(x, mean(x, -1, true))
    const normal = mul(centred, rsqrt(add(mean(mul(centred, centred), -1, true), eps)))
    return add(mul(normal, weight), bias)
  },
  kernels: {},
})
