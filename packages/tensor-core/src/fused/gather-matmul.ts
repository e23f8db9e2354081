import { dtypeName } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { matmul } from '../ops/matmul.js'
import { reshape } from '../ops/reshape.js'
import { take } from '../ops/take.js'
import { formatShape } from '../shape.js'
import { defineFused } from './define-fused.js'

/**
 * Each row of x times the matrix that its index names.  x [N, K], w [G, K, M], indices int32 [N] -> [N, M]. What rows of one
 * batch with different adapters need: Chen et al. 2023, Punica, arXiv 2310.18547 (BGMV).
 */
export const gatherMatmul = defineFused({
  name: 'gatherMatmul',
  fallback(x: Tensor, w: Tensor, indices: Tensor) {
    if (x.rank !== 2 || w.rank !== 3 || x.shape[1] !== w.shape[1]) {
      throw new ShapeError(
        'gatherMatmul',
        'x [N, K] and w [G, K, M]',
        `${formatShape(x.shape)} and ${formatShape(w.shape)}`,
      )
    }
    if (indices.dtype !== 'int32') throw new DTypeError('gatherMatmul', 'int32 indices', dtypeName(indices.dtype))
    if (indices.rank !== 1 || indices.shape[0] !== x.shape[0]) {
      throw new ShapeError('gatherMatmul', `indices [${x.shape[0]}]`, formatShape(indices.shape))
    }
    const [n, k] = x.shape as readonly [number, number]
    const rows = matmul(reshape(x, [n, 1, k]), take(w, indices))
    return reshape(rows, [n, w.shape[2] as number])
  },
  kernels: { wasm: () => import('./gather-matmul.kernel.js'), webgpu: () => import('./gather-matmul.wgsl.js') },
  supports: ([x, w]) => x?.dtype === 'float32' && w?.dtype === 'float32',
})
