import type { ScalarDType } from '../dtype.js'
import { ArgumentError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import type { Shape } from '../shape.js'
import { add } from './add.js'
import { normalizeAxis } from './axes.js'
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
  return apply(iotaRecord, [], { shape, axis: normalizeAxis('iota', axis, shape.length), dtype })
}

/** start, start + step, ... below end.  -> [N], int32 unless told otherwise. */
export function arange(start: number, end: number, step = 1, dtype: ScalarDType = 'int32'): Tensor {
  if (!Number.isFinite((end - start) / step)) {
    throw new ArgumentError('arange', 'finite ends and a step other than 0', `${start}, ${end}, ${step}`)
  }
  const count = Math.max(0, Math.ceil((end - start) / step))
  return add(mul(iota([count], 0, dtype), step), start)
}
