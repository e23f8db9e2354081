import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'

/** float16 bits in kernels, for the scales of block formats, which are finite. */

/** The value of the low 16 bits: moved into a float32's fields, the exponent's bias mended by a product with 2^112. */
function float32OfFloat16Bits(bits: Value): Value {
  const sign = v.shl(v.and(bits, 0x8000), 16)
  return v.mul(v.bitcast(v.or(v.shl(v.and(bits, 0x7fff), 13), sign), 'f32'), 2 ** 112)
}

/** The nearest float16's bits, halves to even, of a value that is not negative. */
export function float16BitsOf(value: Value): Value {
  const bits = v.bitcast(v.mul(value, 2 ** -112), 'u32')
  return v.shr(v.add(v.add(bits, 0xfff), v.and(v.shr(bits, 13), 1)), 13)
}

/** The float16 whose two bytes, of a buffer of uint8, begin at `at`. */
export const loadFloat16 = (k: KernelBuilder, bytes: BufferRef, at: Value): Value =>
  k.let(float32OfFloat16Bits(v.or(k.load(bytes, at), v.shl(k.load(bytes, v.add(at, 1)), 8))))

/** Stores the low 16 bits as two bytes. */
export function storeTwoBytes(k: KernelBuilder, bytes: BufferRef, to: Value, bits: Value): void {
  k.store(bytes, to, v.and(bits, 0xff))
  k.store(bytes, v.add(to, 1), v.shr(bits, 8))
}
