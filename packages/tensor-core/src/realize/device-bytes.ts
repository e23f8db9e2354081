import { byteLengthOf, type DType, isBlock, isFloat } from '../dtype.js'
import { bfloat16BitsToFloat32, float16BitsToFloat32, toBfloat16Bits, toFloat16Bits } from '../float-bits.js'

/** Bytes of a value on a device; a float64 device stores every scalar float in 8 bytes. */
export function deviceBytes(dtype: DType, size: number, floatBytes: 4 | 8): number {
  return floatBytes === 8 && isFloat(dtype) && !isBlock(dtype) ? size * 8 : byteLengthOf(dtype, size)
}

/** Host bytes in the layout of a device. */
export function toDeviceLayout(bytes: Uint8Array, dtype: DType, from: 4 | 8, to: 4 | 8): Uint8Array {
  if (from === to || isBlock(dtype) || !isFloat(dtype)) return bytes
  const aligned = bytes.slice()
  if (to === 4) {
    const values = new Float64Array(aligned.buffer)
    if (dtype === 'float32') return viewBytes(Float32Array.from(values))
    return viewBytes(Uint16Array.from(values, dtype === 'float16' ? toFloat16Bits : toBfloat16Bits))
  }
  if (dtype === 'float32') return viewBytes(Float64Array.from(new Float32Array(aligned.buffer)))
  const bits = new Uint16Array(aligned.buffer)
  return viewBytes(Float64Array.from(dtype === 'float16' ? float16BitsToFloat32(bits) : bfloat16BitsToFloat32(bits)))
}

function viewBytes(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
