import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineFormat } from './define-format.js'
import { readFloat16, writeFloat16 } from './float16-bytes.js'
import { float16BitsOf, loadFloat16, storeTwoBytes } from './float16-kernel.js'
import { refuseValue } from './refuse-value.js'

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
        if (!(Math.abs(value) < LIMIT)) refuseValue('Q8_0', LIMIT, value, start)
        largest = Math.max(largest, Math.abs(value))
      }
      const scale = Math.fround(largest / 127)
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
      writeFloat16(out, at, scale)
      for (let i = 0; i < BLOCK; i++) out[at + 2 + i] = roundHalfAway(Math.fround(block[i] * inverse))
    }
  },
  decode(bytes, out) {
    for (let at = 0, start = 0; at < bytes.length; at += BYTES, start += BLOCK) {
      const scale = readFloat16(bytes, at)
      for (let i = 0; i < BLOCK; i++) out[start + i] = scale * ((bytes[at + 2 + i] << 24) >> 24)
    }
  },
  decodeElement(k, bytes, at) {
    const scale = loadFloat16(k, bytes, at)
    return (i) => {
      const byte = v.bitcast(k.load(bytes, v.add(v.add(at, 2), i)), 'i32')
      return v.mul(scale, v.convert(v.shr(v.shl(byte, 24), 24), 'f32'))
    }
  },
  dotTile(k, bytes, at, x, from, sums) {
    const { vectorLanes: lanes } = k.target
    const quants = k.reinterpret(bytes, 'int8')
    const first = k.let(v.add(at, 2))
    const parts = sums.map(() => k.variable(v.splat(v.f32(0), lanes)))
    const add = (i: Value) => {
      const quant = k.let(v.convert(v.load(quants, v.add(first, i), lanes), 'f32'))
      parts.forEach((part, r) => {
        part.set(v.fma(v.load(x, v.add(from[r] as Value, i), lanes), quant, part.get()))
      })
    }
    if (lanes === 1 || sums.length > 1) k.for(0, BLOCK, add, lanes)
    else for (let i = 0; i < BLOCK; i += lanes) add(v.i32(i))
    // Blocks have an even number of bytes: a scale never straddles two halves of a word.
    const scale = k.let(v.splat(k.load(k.reinterpret(bytes, 'float16'), v.shr(at, 1)), lanes))
    return parts.map((part, r) => v.fma(part.get(), scale, sums[r] as Value))
  },
  integers: {
    unit: 2 ** 112,
    // The float16's fields in a float32's, without a way through scalar registers; what the exponents' biases differ by is
    // the unit.
    scale: (heads) => v.bitcast(v.shl(v.and(heads, v.splat(v.i32(0x7fff), 4)), 13), 'f32'),
    load: (_, bytes, at) => ({
      head: v.loadPacked(bytes, at, 4),
      pairs: [2, 10, 18, 26].map((offset) => v.loadWidened(bytes, v.add(at, v.i32(offset)))),
    }),
  },
  encodeBlock(k, x, from, bytes, to) {
    const largest = k.variable(v.f32(0))
    k.for(0, BLOCK, (i) => largest.set(v.max(largest.get(), v.abs(k.load(x, v.add(from, i))))))
    const scale = k.let(v.div(largest.get(), 127))
    const inverse = k.let(v.select(v.eq(scale, 0), 0, v.div(v.f32(1), scale)))
    const bits = k.let(float16BitsOf(scale))
    storeTwoBytes(k, bytes, to, bits)
    k.for(0, BLOCK, (i) => {
      const scaled = k.let(v.mul(k.load(x, v.add(from, i)), inverse))
      const away = v.trunc(v.add(scaled, v.select(v.lt(scaled, 0), v.f32(-0.5), 0.5)))
      k.store(bytes, v.add(v.add(to, 2), i), v.bitcast(v.convert(away, 'i32'), 'u32'))
    })
  },
  wgsl: {
    decodeFour: ({ word, half }) => `let scale = unpack2x16float(${half('at')}).x;
  let packed = vec4<i32>(bitcast<i32>(${word('at + 2 + 4 * i')}));
  return scale * vec4<f32>((packed << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));`,
  },
})

/** From here on max|x| / 127 rounds to infinity in float16. */
const LIMIT = 127 * 65520

function roundHalfAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5)
}
