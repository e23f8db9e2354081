import type { ScalarDType } from '../dtype.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { Shape } from '../shape.js'
import { add } from './add.js'
import { checkShape } from './check-shape.js'
import { mul } from './mul.js'
import type { SourceRecord } from './op-record.js'

/** The index along an axis. */
export const iotaRecord: SourceRecord<{ readonly shape: Shape; readonly axis: number; readonly dtype: ScalarDType }> = {
  kind: 'source',
  name: 'iota',
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
  reference: (index, { axis }) => index[axis] as number,
  vjp: () => [],
}

/** A tensor whose elements count up from 0 along `axis`. */
export function iota(shape: Shape, axis = 0, dtype: ScalarDType = 'int32'): Tensor {
  checkShape('iota', shape)
  return apply(iotaRecord, [], { shape, axis, dtype })
}

/** start, start + step, ... below end.  -> [N], int32 unless told otherwise. */
export function arange(start: number, end: number, step = 1, dtype: ScalarDType = 'int32'): Tensor {
  const count = Math.max(0, Math.ceil((end - start) / step))
  return add(mul(iota([count], 0, dtype), step), start)
}
