import { fromFloat16Bits, toFloat16Bits } from '../float-bits.js'

/** The little-endian float16 at a byte of a packed block. */
export const readFloat16 = (bytes: Uint8Array, at: number): number =>
  fromFloat16Bits((bytes[at] as number) | ((bytes[at + 1] as number) << 8))

export function writeFloat16(bytes: Uint8Array, at: number, value: number): void {
  const bits = toFloat16Bits(value)
  bytes[at] = bits & 0xff
  bytes[at + 1] = bits >> 8
}
