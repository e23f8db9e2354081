import type { ScalarDType } from '../dtype.js'
import { type DType, isBlock } from '../dtype.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { Shape } from '../shape.js'
import { checkShape } from './check-shape.js'
import type { SourceRecord } from './op-record.js'

/** One value everywhere. Kernels hold it as a constant: it takes no memory until it is realised. */
export const fullRecord: SourceRecord<{ readonly shape: Shape; readonly value: number; readonly dtype: DType }> = {
  kind: 'source',
  name: 'full',
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
  reference: (_, { value }) => value,
  vjp: () => [],
}

/** A tensor of `value` everywhere. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  checkShape('full', shape)
  return apply(fullRecord, [], { shape, value, dtype })
}

export function zeros(shape: Shape, dtype: ScalarDType = 'float32'): Tensor {
  return full(shape, 0, dtype)
}

export function ones(shape: Shape, dtype: ScalarDType = 'float32'): Tensor {
  return full(shape, 1, dtype)
}

/** Zeros of x's shape and dtype; a block format's zeros are float32. */
export function zerosLike(x: { readonly shape: Shape; readonly dtype: DType }): Tensor {
  return full(x.shape, 0, isBlock(x.dtype) ? 'float32' : x.dtype)
}
