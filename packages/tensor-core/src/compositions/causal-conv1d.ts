import { ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { add } from '../ops/add.js'
import { mul } from '../ops/mul.js'
import { pad } from '../ops/pad.js'
import { reshape } from '../ops/reshape.js'
import { slice } from '../ops/slice.js'
import { formatShape } from '../shape.js'

/**
 * Depthwise causal convolution: y[t] = sum over j of weight[c, j] x[t - W + 1 + j], zeros before the start.
 * x [B, T, C], weight [C, W], bias [C] -> [B, T, C]. As in Mamba: Gu and Dao 2023, arXiv 2312.00752, figure 3.
 */
export function causalConv1d(x: TensorLike, weight: TensorLike, bias?: TensorLike): Tensor {
  const [input, kernel] = [asTensor(x), asTensor(weight)]
  const [, time, channels] = input.shape
  const width = kernel.shape[1] as number
  if (input.rank !== 3 || kernel.rank !== 2 || kernel.shape[0] !== channels) {
    throw new ShapeError(
      'causalConv1d',
      'x [B, T, C] and weight [C, W]',
      `${formatShape(input.shape)} and ${formatShape(kernel.shape)}`,
    )
  }
  const offset = bias === undefined ? null : asTensor(bias)
  if (offset && (offset.rank !== 1 || offset.shape[0] !== channels)) {
    throw new ShapeError('causalConv1d', `a bias [C] = [${channels}]`, formatShape(offset.shape))
  }
  const padded = pad(input, [
    [0, 0],
    [width - 1, 0],
    [0, 0],
  ])
  let total: Tensor | null = null
  for (let j = 0; j < width; j++) {
    const tap = reshape(slice(kernel, [null, [j, j + 1]]), [channels as number])
    const part = mul(slice(padded, [null, [j, j + (time as number)]]), tap)
    total = total ? add(total, part) : part
  }
  const sum = total ?? input.zerosLike()
  return offset ? add(sum, offset) : sum
}
