import { computeTypeOf, type DType, dtypeName, isBlock, isFloat, type ScalarDType } from '../dtype.js'
import { DTypeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { decodeBlocks } from './decode-blocks.js'
import { encodeBlocks } from './encode-blocks.js'
import type { ElementwiseRecord, TensorSpec } from './op-record.js'

/**
 * Numeric conversion. float to integer truncates and saturates at 32 bits (NaN gives 0); integer to integer keeps the low
 * bits; anything to bool is != 0.
 */
export const castRecord: ElementwiseRecord<{ readonly dtype: ScalarDType; readonly from: ScalarDType }> = {
  kind: 'elementwise',
  name: 'cast',
  infer([x], { dtype }) {
    return [{ shape: (x as TensorSpec).shape, dtype }]
  },
  reference([x], { dtype, from }) {
    const value = x as number
    if (dtype === 'bool') return value !== 0 ? 1 : 0
    if (isFloat(dtype) || !isFloat(from)) return value
    const [low, high] = computeTypeOf(dtype) === 'u32' ? [0, 0xffffffff] : [-0x80000000, 0x7fffffff]
    return Number.isNaN(value) ? 0 : Math.min(high, Math.max(low, Math.trunc(value)))
  },
  kernel: ([x], { dtype }) => v.convert(x as Value, computeTypeOf(dtype)),
  vjp: ({ dy, inputs: [x] }) => [isFloat((x as Tensor).dtype) ? cast(dy, (x as Tensor).dtype) : null],
}

/**
 * x with another dtype.  [...] -> [...]. To or from a block format it encodes or decodes; the last axis must be a whole
 * number of blocks. Floats beyond a 32-bit integer saturate; int8 and uint8 then keep the low 8 bits. Integers that leave
 * the range of another integer dtype keep their low bits.
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  const tensor = asTensor(x)
  if (tensor.dtype === dtype) return tensor
  if (isBlock(tensor.dtype)) return cast(decodeBlocks(tensor), dtype)
  if (isBlock(dtype)) {
    if (!isFloat(tensor.dtype))
      throw new DTypeError('cast', `a float dtype to encode as ${dtype.name}`, dtypeName(tensor.dtype))
    return encodeBlocks(cast(tensor, 'float32'), dtype)
  }
  // The gradient of a block-format or float input is taken in float32.
  return apply(castRecord, [tensor], { dtype, from: tensor.dtype })
}
