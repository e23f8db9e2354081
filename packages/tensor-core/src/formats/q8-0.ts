import { ArgumentError } from '../errors.js'
import { fromFloat16Bits, toFloat16Bits } from '../float-bits.js'
import { defineFormat } from './define-format.js'

const BLOCK = 32
const BYTES = 34

/**
 * Q8_0 as in GGUF files: blocks of 32 values, each a little-endian float16 scale d and 32 int8 q; a value is d q.
 * Packing follows ggml's reference in float32: d = max|x| / 127, q = round(x (1 / d)) with halves away from zero, from the
 * d before it is rounded to float16. Source: https://github.com/ggml-org/ggml, quantize_row_q8_0_ref.
 *
 * Packing throws ArgumentError for values that are not finite or whose scale does not fit in float16.
 */
export const q8_0 = defineFormat({
  name: 'Q8_0',
  blockSize: BLOCK,
  bytesPerBlock: BYTES,
  encode(values, out) {
    for (let start = 0, at = 0; start < values.length; start += BLOCK, at += BYTES) {
      const block = values.subarray(start, start + BLOCK)
      let largest = 0
      for (const value of block) {
        // The negation also catches NaN.
        if (!(Math.abs(value) < LIMIT)) refuse(value, start)
        largest = Math.max(largest, Math.abs(value))
      }
      const scale = Math.fround(largest / 127)
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
      const bits = toFloat16Bits(scale)
      out[at] = bits & 0xff
      out[at + 1] = bits >> 8
      for (let i = 0; i < BLOCK; i++) out[at + 2 + i] = roundHalfAway(Math.fround(block[i] * inverse))
    }
  },
  decode(bytes, out) {
    for (let at = 0, start = 0; at < bytes.length; at += BYTES, start += BLOCK) {
      const scale = fromFloat16Bits(bytes[at] | (bytes[at + 1] << 8))
      for (let i = 0; i < BLOCK; i++) out[start + i] = scale * ((bytes[at + 2 + i] << 24) >> 24)
    }
  },
})

/** From here on max|x| / 127 rounds to infinity in float16. */
const LIMIT = 127 * 65520

function refuse(value: number, start: number): never {
  throw new ArgumentError(
    'Q8_0.encode',
    `finite values below ${LIMIT} in magnitude`,
    `${value} in the block at ${start}`,
    'Keep this tensor unpacked.',
  )
}

function roundHalfAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5)
}
