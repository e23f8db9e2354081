import {
  associativeScan,
  causalConv1d,
  crossEntropy,
  einsum,
  gelu,
  logSoftmax,
  logsumexp,
  maskedFill,
  mean,
  mul,
  relu,
  scan,
  sigmoid,
  silu,
  softmax,
  softplus,
  sort,
  split,
  square,
  squeeze,
  stack,
  tanh,
  tensor,
  topK,
  transpose,
  unsqueeze,
} from '../../src/index.js'
import { type GradientCase, piecewise, smooth, spread } from './gradient-case.js'

const mask = tensor([
  [true, false, true],
  [false, false, true],
])

/** Functions made of ops, by the name of their file under src/compositions, or of the function itself elsewhere. */
export const compositionCases = {
  'causal-conv1d': [
    smooth('causalConv1d', [spread([2, 3, 2]), spread([2, 3]), spread([2])], (x, w, b) => causalConv1d(x, w, b)),
    smooth('causalConv1d without a bias, wider than the sequence', [spread([1, 2, 2]), spread([2, 4])], (x, w) =>
      causalConv1d(x, w),
    ),
  ],
  einsum: [
    smooth('einsum bij,bjk->bik', [spread([2, 2, 3]), spread([2, 3, 2])], (a, b) => einsum('bij,bjk->bik', a, b)),
    smooth('einsum ij,ij->', [spread([2, 3]), spread([2, 3], -1, 1, 0.2)], (a, b) => einsum('ij,ij->', a, b)),
    smooth('einsum i,j->ji', [spread([2]), spread([3])], (a, b) => einsum('i,j->ji', a, b)),
    smooth('einsum ii->i', [spread([3, 3])], (a) => einsum('ii->i', square(a))),
    smooth('einsum ab,bc,cd->ad', [spread([2, 2]), spread([2, 3]), spread([3, 2])], (a, b, c) =>
      einsum('ab,bc,cd->ad', a, b, c),
    ),
  ],
  gelu: [smooth('gelu', [spread([2, 3], -3, 3)], gelu)],
  logsumexp: [
    smooth('logsumexp', [spread([2, 3])], (x) => logsumexp(x, 1)),
    smooth('logsumexp over all, kept', [spread([2, 3])], (x) => logsumexp(x, undefined, true)),
  ],
  'masked-fill': [smooth('maskedFill', [spread([2, 3])], (x) => square(maskedFill(x, mask, 3)))],
  relu: [piecewise('relu', [spread([2, 3])], relu)],
  scan: [
    smooth('scan', [spread([2]), spread([3, 2])], (initial, xs) => {
      const { carry, ys } = scan((c, x) => [tanh(c.add(x)), mul(c, x)], initial, xs)
      return [carry, ys]
    }),
    smooth('associativeScan of a linear recurrence', [spread([5, 2]), spread([5, 2], -1, 1, 0.3)], (a, b) =>
      associativeScan(([a1, b1], [a2, b2]) => [a1!.mul(a2!), a2!.mul(b1!).add(b2!)], [a, b]),
    ),
  ],
  sigmoid: [smooth('sigmoid', [spread([2, 3])], sigmoid)],
  silu: [smooth('silu', [spread([2, 3])], silu)],
  softplus: [piecewise('softplus', [spread([2, 3])], softplus)],
  square: [smooth('square', [spread([3])], square)],
  mean: [
    smooth('mean', [spread([2, 3])], (x) => square(mean(x, 0))),
    smooth('mean over all', [spread([2, 3])], (x) => square(mean(x))),
  ],
  sort: [piecewise('sort', [spread([2, 4])], (x) => sort(x, { descending: true }))],
  topK: [piecewise('topK', [spread([2, 4])], (x) => topK(x, 2).values)],
  stack: [smooth('stack', [spread([2, 2]), spread([2, 2], -1, 1, 0.3)], (a, b) => mul(stack([a, b], 1), 2))],
  split: [smooth('split', [spread([2, 4])], (x) => split(x, [1, 3], 1).map(square))],
  squeeze: [smooth('squeeze and unsqueeze', [spread([2, 1, 3])], (x) => square(unsqueeze(squeeze(x, 1), 0)))],
  transpose: [smooth('transpose', [spread([2, 3])], (x) => square(transpose(x)))],
  softmax: [
    smooth('softmax along axis 0', [spread([3, 2])], (x) => softmax(x, 0)),
    smooth('softmax with masked places', [spread([2, 3])], (x) =>
      softmax(maskedFill(x, mask, Number.NEGATIVE_INFINITY)),
    ),
  ],
  logSoftmax: [smooth('logSoftmax along axis 0', [spread([3, 2])], (x) => logSoftmax(x, 0))],
  crossEntropy: [
    smooth('crossEntropy, mean of the targets that count', [spread([3, 4])], (x) =>
      crossEntropy(x, tensor([1, -100, 3], { dtype: 'int32' })),
    ),
    smooth('crossEntropy, a sum over [B, T]', [spread([2, 2, 3])], (x) =>
      crossEntropy(
        x,
        tensor(
          [
            [1, 0],
            [2, 2],
          ],
          { dtype: 'int32' },
        ),
        { reduction: 'sum' },
      ),
    ),
  ],
} satisfies Readonly<Record<string, readonly GradientCase[]>>
