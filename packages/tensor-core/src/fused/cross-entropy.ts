import { logsumexp } from '../compositions/logsumexp.js'
import { dtypeName, isInteger } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { cast } from '../ops/cast.js'
import { ne } from '../ops/compare.js'
import { div } from '../ops/div.js'
import { checkDomain } from '../ops/elementwise.js'
import { eq } from '../ops/eq.js'
import { exp } from '../ops/exp.js'
import { iota } from '../ops/iota.js'
import { maximum } from '../ops/maximum.js'
import { mul } from '../ops/mul.js'
import type { VjpContext } from '../ops/op-record.js'
import { reshape } from '../ops/reshape.js'
import { sub } from '../ops/sub.js'
import { sum } from '../ops/sum.js'
import { takeAlongAxis } from '../ops/take-along-axis.js'
import { where } from '../ops/where.js'
import { formatShape, sameShape, sizeOf } from '../shape.js'
import { defineFused } from './define-fused.js'
import { takesDTypes } from './takes-dtypes.js'

/**
 * Negative log-likelihood of each row's target and the row's logsumexp, which the gradient uses again.
 * logits [N, V] and targets int32 [N] -> loss [N], logsumexp [N]. Rows whose target is `ignoreIndex` have loss 0.
 */
export const crossEntropyRows = defineFused({
  name: 'crossEntropy',
  fallback(logits: Tensor, targets: Tensor, { ignoreIndex }: { readonly ignoreIndex: number }) {
    checkRows('crossEntropyRows', logits, targets)
    const lse = logsumexp(logits, -1)
    const used = ne(targets, ignoreIndex)
    const index = where(used, targets, 0)
    const picked = reshape(takeAlongAxis(logits, reshape(index, [-1, 1]), 1), [-1])
    return [where(used, sub(lse, picked), 0), lse] as const
  },
  kernels: { wasm: () => import('./cross-entropy.kernel.js'), webgpu: () => import('./cross-entropy.wgsl.js') },
  supports: takesDTypes({ 1: 'int32' }),
  vjp({
    inputs: [logits, targets],
    outputs: [, lse],
    cotangents: [dLoss, dLse],
    attributes,
  }: VjpContext<{ readonly ignoreIndex: number }>) {
    const [x, t, l] = [logits as Tensor, targets as Tensor, lse as Tensor]
    const scale = dLoss ?? l.zerosLike()
    const gradient = crossEntropyBackward(x, t, l, scale, attributes)
    return [dLse ? gradient.add(mul(exp(sub(x, reshape(l, [-1, 1]))), reshape(dLse, [-1, 1]))) : gradient, null]
  },
})

/** d logits = (softmax - one-hot of the target) * scale, 0 in ignored rows.  [N, V], [N], [N], [N] -> [N, V] */
export const crossEntropyBackward = defineFused({
  name: 'crossEntropyBackward',
  fallback(
    logits: Tensor,
    targets: Tensor,
    lse: Tensor,
    scale: Tensor,
    { ignoreIndex }: { readonly ignoreIndex: number },
  ) {
    checkRows('crossEntropyBackward', logits, targets, lse, scale)
    const column = (x: Tensor) => reshape(x, [-1, 1])
    const hot = cast(eq(column(targets), iota(logits.shape, 1)), logits.dtype)
    const gradient = mul(sub(exp(sub(logits, column(lse))), hot), column(scale))
    return where(column(ne(targets, ignoreIndex)), gradient, 0)
  },
  kernels: {
    wasm: () => import('./cross-entropy-backward.kernel.js'),
    webgpu: () => import('./cross-entropy-backward.wgsl.js'),
  },
  supports: takesDTypes({ 1: 'int32' }),
  inPlace: { 0: 0 },
})

/** Refuses logits that are not [N, V] and columns beside them that are not [N]. */
function checkRows(where: string, logits: Tensor, ...columns: readonly Tensor[]): void {
  if (logits.rank === 2 && columns.every((x) => x.rank === 1 && x.shape[0] === logits.shape[0])) return
  const got = [logits, ...columns].map((x) => formatShape(x.shape)).join(', ')
  throw new ShapeError(where, `logits [N, V] and ${columns.length} of shape [N]`, got)
}

export interface CrossEntropyOptions {
  /** Targets with this value count for nothing. Default -100, as in PyTorch. */
  readonly ignoreIndex?: number
  /** 'mean' over the targets that count, 'sum', or 'none' for one loss a target. Default 'mean'. */
  readonly reduction?: 'mean' | 'sum' | 'none'
}

/**
 * Cross-entropy of integer targets under softmax(logits), in nats.  logits [..., V] and targets [...] -> [] (or [...]).
 * Throws ShapeError, DTypeError.
 */
export function crossEntropy(logits: TensorLike, targets: TensorLike, options: CrossEntropyOptions = {}): Tensor {
  const [x, t] = [asTensor(logits), asTensor(targets)]
  checkDomain('crossEntropy', 'float', x.dtype)
  if (!isInteger(t.dtype)) throw new DTypeError('crossEntropy', 'integer targets', dtypeName(t.dtype))
  if (x.rank === 0 || !sameShape(x.shape.slice(0, -1), t.shape)) {
    throw new ShapeError(
      'crossEntropy',
      'logits [..., V] and targets [...]',
      `${formatShape(x.shape)} and ${formatShape(t.shape)}`,
    )
  }
  const ignoreIndex = options.ignoreIndex ?? -100
  const ids = reshape(cast(t, 'int32'), [sizeOf(t.shape)])
  const rows = reshape(cast(x, 'float32'), [sizeOf(t.shape), x.shape[x.rank - 1] as number])
  const [loss] = crossEntropyRows(rows, ids, { ignoreIndex })
  const reduction = options.reduction ?? 'mean'
  if (reduction === 'none') return reshape(loss, t.shape)
  if (reduction === 'sum') return sum(loss)
  return div(sum(loss), maximum(cast(sum(cast(ne(ids, ignoreIndex), 'int32')), 'float32'), 1))
}
