import { dtypeName, isBlock } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { cast } from '../ops/cast.js'
import { matmul } from '../ops/matmul.js'
import type { TensorSpec } from '../ops/op-record.js'
import { formatShape, sizeOf } from '../shape.js'
import { defineFused } from './define-fused.js'

/** x times the transpose of a packed matrix, decoded block by block.  x [..., K], w [N, K] of a block format -> [..., N] */
export const blockMatmul = defineFused({
  name: 'blockMatmul',
  fallback(x: Tensor, w: Tensor) {
    if (!isBlock(w.dtype)) {
      throw new DTypeError('blockMatmul', 'weights of a block format', dtypeName(w.dtype), 'Use matmul.')
    }
    if (w.rank !== 2 || x.shape[x.rank - 1] !== w.shape[1]) {
      throw new ShapeError(
        'blockMatmul',
        'x [..., K] and packed weights [N, K]',
        `${formatShape(x.shape)} and ${formatShape(w.shape)}`,
      )
    }
    return matmul(x, cast(w, 'float32'), { transposeB: true })
  },
  kernels: { wasm: () => import('./block-matmul.wasm.js'), webgpu: () => import('./block-matmul.wgsl.js') },
  supports: ([x]) => x?.dtype === 'float32',
  flops: ([x, w]) => 2 * sizeOf((x as TensorSpec).shape) * ((w as TensorSpec).shape[0] as number),
})
