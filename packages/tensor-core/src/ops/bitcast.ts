import { bytesPerElement, computeTypeOf, dtypeName, isBlock, type ScalarDType } from '../dtype.js'
import { DTypeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { ElementwiseRecord, TensorSpec } from './op-record.js'

const words = new DataView(new ArrayBuffer(4))

/** The same bits under another 32-bit dtype. No gradient. */
export const bitcastRecord: ElementwiseRecord<{ readonly dtype: ScalarDType; readonly from: ScalarDType }> = {
  kind: 'elementwise',
  name: 'bitcast',
  infer: ([x], { dtype }) => [{ shape: (x as TensorSpec).shape, dtype }],
  reference([x], { dtype, from }) {
    const value = x as number
    if (from === 'float32') words.setFloat32(0, value)
    else words.setUint32(0, value)
    if (dtype === 'float32') return words.getFloat32(0)
    return dtype === 'int32' ? words.getInt32(0) : words.getUint32(0)
  },
  moves: [0],
  kernel: ([x], _, output) => v.bitcast(x as Value, computeTypeOf(output)),
  vjp: null,
}

/** The bits of float32, int32 or uint32 read as another of the three.  [...] -> [...] */
export function bitcast(x: TensorLike, dtype: 'float32' | 'int32' | 'uint32'): Tensor {
  const tensor = asTensor(x)
  const from = tensor.dtype
  if (isBlock(from) || bytesPerElement(from) !== 4) throw new DTypeError('bitcast', 'a 32-bit dtype', dtypeName(from))
  return from === dtype ? tensor : apply(bitcastRecord, [tensor], { dtype, from })
}
