import { type DType, dtypeName, isBlock, isFloat, isInteger } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { formatShape, type Shape } from '../shape.js'
import { cast } from './cast.js'
import { expand } from './expand.js'
import { full } from './full.js'

/** The shape that two shapes broadcast to, by numpy's rule. Throws ShapeError. */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - (rank - a.length)] ?? 1
    const y = b[axis - (rank - b.length)] ?? 1
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        where,
        `shapes that broadcast (equal, or 1, from the last axis on)`,
        `${formatShape(a)} and ${formatShape(b)}`,
      )
    }
    return x === 1 ? y : x
  })
}

/**
 * The dtype in which two operands meet: bool < int8, uint8 < int32, uint32 < float16, bfloat16 < float32; two different
 * 16-bit floats meet in float32, int8 and uint8 in int32. int32 and uint32 do not meet: neither holds the other.
 */
export function promote(where: string, a: DType, b: DType): DType {
  for (const dtype of [a, b]) {
    if (isBlock(dtype)) throw new DTypeError(where, 'scalar dtypes', dtype.name, "Decode it with .cast('float32').")
  }
  if (a === b) return a
  if (a === 'bool') return b
  if (b === 'bool') return a
  if (isFloat(a) && isFloat(b)) return 'float32'
  if (isFloat(a)) return a
  if (isFloat(b)) return b
  const names = [a, b].map(dtypeName)
  if (names.includes('int32') && names.includes('uint32')) {
    throw new DTypeError(where, 'operands of one signedness', 'int32 and uint32', 'Cast one of them.')
  }
  return names.includes('uint32') ? (names.includes('int8') ? 'int32' : 'uint32') : 'int32'
}

/** A number beside a tensor takes the tensor's dtype ("weak"), unless only a float can hold it. */
function weakDType(value: number, other: DType): DType {
  if (isFloat(other) && !isBlock(other)) return other
  if (isInteger(other) && Number.isInteger(value)) return other
  if (isBlock(other)) return 'float32'
  return Number.isInteger(value) && other === 'bool' ? 'int32' : 'float32'
}

/** Operands brought to one dtype and one shape. */
export function broadcast(where: string, ...operands: TensorLike[]): Tensor[] {
  const tensors = operands.map((operand) => (typeof operand === 'number' ? operand : asTensor(operand)))
  let dtype: DType | undefined
  for (const t of tensors)
    if (typeof t !== 'number') dtype = dtype === undefined ? t.dtype : promote(where, dtype, t.dtype)
  for (const t of tensors) {
    if (typeof t !== 'number') continue
    const own = dtype === undefined ? 'float32' : weakDType(t, dtype)
    dtype = dtype === undefined ? own : promote(where, dtype, own)
  }
  const common = dtype as DType
  let shape: Shape = []
  for (const t of tensors) if (typeof t !== 'number') shape = broadcastShapes(where, shape, t.shape)
  return tensors.map((t) => (typeof t === 'number' ? full(shape, t, common) : expand(cast(t, common), shape)))
}
