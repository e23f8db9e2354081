import {
  adamwStep,
  blockMatmul,
  blockTake,
  crossEntropyBackward,
  crossEntropyRows,
  gatherMatmul,
  layerNorm,
  layerNormBackward,
  logSoftmaxRows,
  logsumexp,
  q8_0,
  rmsNorm,
  rmsNormBackward,
  segmentedMatmul,
  softmaxBackward,
  softmaxRows,
  swiglu,
  swigluBackward,
  tensor,
} from '../../src/index.js'
import { type GradientCase, positive, smooth, spread } from './gradient-case.js'

const ints = (values: readonly number[]) => tensor(values, { dtype: 'int32' })
const targets = ints([2, -100, 0])
const ignoring = { ignoreIndex: -100 }
const packed = tensor(
  Float32Array.from({ length: 64 }, (_, i) => ((i * 37) % 64) / 32 - 1),
  { shape: [2, 32] },
).cast(q8_0)

/** Every fused op of this package, by the name it is exported under. */
export const fusedCases: Readonly<Record<string, readonly GradientCase[]>> = {
  adamwStep: [
    smooth(
      'adamwStep',
      [spread([3]), spread([3], -1, 1, 0.2), positive([3]), spread([3], -1, 1, 0.4), positive([])],
      (p, m, v, g, rate) =>
        adamwStep(p, m, v, g, rate, tensor(3), { beta1: 0.9, beta2: 0.99, eps: 1e-3, weightDecay: 0.1 }),
    ),
  ],
  blockMatmul: [smooth('blockMatmul', [spread([1, 32])], (x) => blockMatmul(x, packed))],
  // Packed rows have no gradient; what they are multiplied with has.
  blockTake: [smooth('blockTake', [spread([2, 32])], (x) => x.mul(blockTake(packed, ints([1, 0]))))],
  crossEntropyRows: [
    smooth('crossEntropyRows', [spread([3, 4])], (x) => crossEntropyRows(x, targets, ignoring)),
    smooth('crossEntropyRows, the loss alone', [spread([3, 4])], (x) => crossEntropyRows(x, targets, ignoring)[0]),
    smooth('crossEntropyRows, the logsumexp alone', [spread([3, 4])], (x) => crossEntropyRows(x, targets, ignoring)[1]),
  ],
  crossEntropyBackward: [
    smooth('crossEntropyBackward', [spread([3, 4]), spread([3])], (x, scale) =>
      crossEntropyBackward(x, targets, logsumexp(x, -1), scale, ignoring),
    ),
  ],
  gatherMatmul: [
    smooth('gatherMatmul', [spread([3, 2]), spread([2, 2, 3])], (x, w) => gatherMatmul(x, w, ints([1, 0, 1]))),
  ],
  layerNorm: [
    smooth('layerNorm', [spread([2, 4]), positive([4]), spread([4])], (x, w, b) => layerNorm(x, w, b, { eps: 1e-3 })),
  ],
  layerNormBackward: [
    smooth('layerNormBackward', [spread([2, 4]), positive([4]), spread([2, 4], -1, 1, 0.3)], (x, w, dy) =>
      layerNormBackward(x, w, dy, { eps: 1e-3 }),
    ),
  ],
  logSoftmaxRows: [smooth('logSoftmaxRows', [spread([2, 4])], (x) => logSoftmaxRows(x))],
  rmsNorm: [
    smooth('rmsNorm', [spread([2, 4]), positive([4])], (x, w) => rmsNorm(x, w, { eps: 1e-3 })),
    smooth('rmsNorm of one row', [spread([4]), positive([4])], (x, w) => rmsNorm(x, w, { eps: 1e-3 })),
  ],
  rmsNormBackward: [
    smooth('rmsNormBackward', [spread([2, 3]), positive([3]), spread([2, 3], -1, 1, 0.3)], (x, w, dy) =>
      rmsNormBackward(x, w, dy, { eps: 1e-3 }),
    ),
  ],
  segmentedMatmul: [
    smooth('segmentedMatmul', [spread([4, 2]), spread([3, 2, 2])], (x, w) => segmentedMatmul(x, w, ints([0, 2, 2, 3]))),
  ],
  softmaxRows: [smooth('softmaxRows', [spread([2, 4])], (x) => softmaxRows(x))],
  softmaxBackward: [smooth('softmaxBackward', [positive([2, 3]), spread([2, 3])], (y, dy) => softmaxBackward(y, dy))],
  swiglu: [smooth('swiglu', [spread([2, 3]), spread([2, 3], -1, 1, 0.3)], (g, u) => swiglu(g, u))],
  swigluBackward: [
    smooth('swigluBackward', [spread([2, 2]), spread([2, 2], -1, 1, 0.3), spread([2, 2], -1, 1, 0.6)], (g, u, dy) =>
      swigluBackward(g, u, dy),
    ),
  ],
}
