import { logsumexp } from '../compositions/logsumexp.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { normalizeAxis } from '../ops/axes.js'
import { checkDomain } from '../ops/elementwise.js'
import { exp } from '../ops/exp.js'
import { mul } from '../ops/mul.js'
import { transpose } from '../ops/permute.js'
import { sub } from '../ops/sub.js'
import { sum } from '../ops/sum.js'
import { defineFused } from './define-fused.js'
import { takesDTypes } from './takes-dtypes.js'

/** Logarithm of the softmax over the last axis.  [..., N] -> [..., N] */
export const logSoftmaxRows = defineFused({
  name: 'logSoftmax',
  fallback(x: Tensor) {
    checkDomain('logSoftmax', 'float', x.dtype)
    return sub(x, logsumexp(x, -1, true))
  },
  kernels: { wasm: () => import('./log-softmax.kernel.js'), webgpu: () => import('./log-softmax.wgsl.js') },
  supports: takesDTypes(),
  vjp: ({ dy, outputs: [y] }) => [sub(dy, mul(exp(y as Tensor), sum(dy, -1, true)))],
})

/** x - log(sum(e^x)) along `axis`, without overflow. */
export function logSoftmax(x: TensorLike, axis = -1): Tensor {
  const tensor = asTensor(x)
  const at = normalizeAxis('logSoftmax', axis, tensor.rank)
  if (at === tensor.rank - 1) return logSoftmaxRows(tensor)
  return transpose(logSoftmaxRows(transpose(tensor, at, -1)), at, -1)
}
