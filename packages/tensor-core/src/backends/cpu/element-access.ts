import { type DType, isBlock, isFloat } from '../../dtype.js'
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../float-bits.js'

/** Reads and writes single elements of a buffer as doubles. */
export interface ElementAccess {
  get(index: number): number
  set(index: number, value: number): void
}

/** The way a scalar dtype is stored; a write rounds (floats) or wraps (integers). `floatBytes` 8: every float is a float64. */
export function accessElements(bytes: Uint8Array, dtype: DType, floatBytes: 4 | 8): ElementAccess {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isBlock(dtype)) throw new Error(`elements of ${dtype.name} have no address`)
  if (floatBytes === 8 && isFloat(dtype)) {
    return { get: (i) => view.getFloat64(8 * i, true), set: (i, x) => view.setFloat64(8 * i, x, true) }
  }
  switch (dtype) {
    case 'float32':
      return { get: (i) => view.getFloat32(4 * i, true), set: (i, x) => view.setFloat32(4 * i, x, true) }
    case 'float16':
      return {
        get: (i) => fromFloat16Bits(view.getUint16(2 * i, true)),
        set: (i, x) => view.setUint16(2 * i, toFloat16Bits(Math.fround(x)), true),
      }
    case 'bfloat16':
      return {
        get: (i) => fromBfloat16Bits(view.getUint16(2 * i, true)),
        set: (i, x) => view.setUint16(2 * i, toBfloat16Bits(Math.fround(x)), true),
      }
    case 'int32':
      return { get: (i) => view.getInt32(4 * i, true), set: (i, x) => view.setInt32(4 * i, x, true) }
    case 'uint32':
      return { get: (i) => view.getUint32(4 * i, true), set: (i, x) => view.setUint32(4 * i, x, true) }
    case 'int8':
      return { get: (i) => view.getInt8(i), set: (i, x) => view.setInt8(i, x) }
    case 'uint8':
      return { get: (i) => view.getUint8(i), set: (i, x) => view.setUint8(i, x) }
    case 'bool':
      return { get: (i) => (view.getUint8(i) ? 1 : 0), set: (i, x) => view.setUint8(i, x ? 1 : 0) }
  }
}

/** A value rounded to what a register of the dtype's compute type holds between the steps of a fused expression. */
export function roundToRegister(value: number, dtype: DType, floatBytes: 4 | 8): number {
  if (isFloat(dtype)) return floatBytes === 8 ? value : Math.fround(value)
  if (dtype === 'bool') return value ? 1 : 0
  return dtype === 'uint32' || dtype === 'uint8' ? value >>> 0 : value | 0
}
