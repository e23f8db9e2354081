import { dtypeName, isBlock } from '../dtype.js'
import { DTypeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { cast } from '../ops/cast.js'
import { take } from '../ops/take.js'
import { defineFused } from './define-fused.js'

/** Rows of a packed matrix, decoded: an embedding look-up.  w [N, K] of a block format, indices int32 [...I] -> [...I, K] */
export const blockTake = defineFused({
  name: 'blockTake',
  fallback(w: Tensor, indices: Tensor) {
    if (!isBlock(w.dtype)) {
      throw new DTypeError('blockTake', 'a matrix of a block format', dtypeName(w.dtype), 'Use take.')
    }
    return take(cast(w, 'float32'), indices)
  },
  kernels: { wasm: () => import('./block-take.kernel.js'), webgpu: () => import('./block-take.kernel.js') },
})
