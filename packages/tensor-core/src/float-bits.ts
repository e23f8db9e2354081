/**
 * float16 (IEEE 754 binary16) and bfloat16 as bit patterns, because Node 20 has no Float16Array.
 * Narrowing rounds to nearest, ties to even; too large values become infinities; NaN stays NaN, quiet, with its sign and
 * the top of its payload. Widening is exact. The array forms work on bits throughout, so payloads survive them;
 * a NaN that passes through a JavaScript number may lose its own.
 */

const scratchFloat = new Float32Array(1)
const scratchBits = new Uint32Array(scratchFloat.buffer)

/** The 32 bits of a number rounded to float32, as a signed integer. */
export function floatBits(value: number): number {
  scratchFloat[0] = value
  return scratchBits[0] | 0
}

/** float16 bits of one number, which is first rounded to float32. */
export function toFloat16Bits(value: number): number {
  scratchFloat[0] = value
  return narrowToFloat16(scratchBits[0])
}

/** The value of float16 bits. */
export function fromFloat16Bits(bits: number): number {
  scratchBits[0] = widenFloat16(bits)
  return scratchFloat[0]
}

/** bfloat16 bits of one number, which is first rounded to float32. */
export function toBfloat16Bits(value: number): number {
  scratchFloat[0] = value
  return narrowToBfloat16(scratchBits[0])
}

/** The value of bfloat16 bits. */
export function fromBfloat16Bits(bits: number): number {
  scratchBits[0] = bits << 16
  return scratchFloat[0]
}

/** float32 -> float16 bits, element by element. */
export function float32ToFloat16Bits(values: Float32Array): Uint16Array {
  return Uint16Array.from(bitsOf(values), narrowToFloat16)
}

/** float16 bits -> float32, exact. */
export function float16BitsToFloat32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = widenFloat16(bits[i])
  return new Float32Array(out.buffer)
}

/** float32 -> bfloat16 bits, element by element. */
export function float32ToBfloat16Bits(values: Float32Array): Uint16Array {
  return Uint16Array.from(bitsOf(values), narrowToBfloat16)
}

/** bfloat16 bits -> float32, exact. */
export function bfloat16BitsToFloat32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = bits[i] << 16
  return new Float32Array(out.buffer)
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length)
}

function narrowToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  // Infinity, or NaN made quiet.
  if (magnitude >= 0x7f800000) return sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 | ((magnitude >> 13) & 0x3ff) : 0)
  // 65520 lies half way between the largest float16 and 2^16.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    // Normal: the exponent's bias falls from 127 to 15, and 13 bits of the significand are rounded away.
    const rebiased = magnitude - 0x38000000
    return sign | ((rebiased + 0xfff + ((rebiased >> 13) & 1)) >> 13)
  }
  // At most half of the smallest float16, 2^-25, which is a tie to even.
  if (magnitude <= 0x33000000) return sign
  // Subnormal: the significand with its hidden bit, in units of 2^-24.
  const shift = 126 - (magnitude >> 23)
  const significand = (magnitude & 0x7fffff) | 0x800000
  const half = 1 << (shift - 1)
  return sign | ((significand + half - 1 + ((significand >> shift) & 1)) >> shift)
}

function widenFloat16(bits: number): number {
  const sign = (bits & 0x8000) << 16
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13)
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  // Subnormal: shift the leading bit to the hidden place.
  const shift = Math.clz32(fraction) - 21
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)
}

function narrowToBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}
