import { dtypeName } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { add } from '../ops/add.js'
import { bitAnd } from '../ops/bit-and.js'
import { cast } from '../ops/cast.js'
import { ge } from '../ops/compare.js'
import { zeros } from '../ops/full.js'
import { iota } from '../ops/iota.js'
import { lt } from '../ops/lt.js'
import { matmul } from '../ops/matmul.js'
import { mul } from '../ops/mul.js'
import { reshape } from '../ops/reshape.js'
import { formatShape } from '../shape.js'
import { defineFused } from './define-fused.js'

/**
 * Rows offsets[g]..offsets[g+1] of x times matrix g.  x [N, K], w [G, K, M], offsets int32 [G + 1] -> [N, M]. Rows outside
 * of all segments give zeros. The product of experts without padding: Gale et al. 2022, MegaBlocks, arXiv 2211.15841.
 * The fallback multiplies every row by every matrix: it is the meaning, not the way to run it.
 */
export const segmentedMatmul = defineFused({
  name: 'segmentedMatmul',
  fallback(x: Tensor, w: Tensor, offsets: Tensor) {
    const [n, k] = x.shape as readonly [number, number]
    const [groups, k2, m] = w.shape as readonly [number, number, number]
    if (x.rank !== 2 || w.rank !== 3 || k !== k2) {
      throw new ShapeError(
        'segmentedMatmul',
        'x [N, K] and w [G, K, M]',
        `${formatShape(x.shape)} and ${formatShape(w.shape)}`,
      )
    }
    if (offsets.dtype !== 'int32') throw new DTypeError('segmentedMatmul', 'int32 offsets', dtypeName(offsets.dtype))
    if (offsets.rank !== 1 || offsets.shape[0] !== groups + 1) {
      throw new ShapeError('segmentedMatmul', `offsets [G + 1] = [${groups + 1}]`, formatShape(offsets.shape))
    }
    let total: Tensor | null = null
    for (let g = 0; g < groups; g++) {
      const row = iota([n, 1], 0)
      const inside = bitAnd(ge(row, offsets.slice([[g, g + 1]])), lt(row, offsets.slice([[g + 1, g + 2]])))
      const part = matmul(mul(x, cast(inside, x.dtype)), reshape(w.slice([[g, g + 1]]), [k, m]))
      total = total ? add(total, part) : part
    }
    return total ?? zeros([n, m])
  },
  kernels: { wasm: () => import('./segmented-matmul.kernel.js'), webgpu: () => import('./segmented-matmul.wgsl.js') },
  supports: ([x, w]) => x?.dtype === 'float32' && w?.dtype === 'float32',
})
