import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { defineFormat } from './define-format.js'
import { readFloat16, writeFloat16 } from './float16-bytes.js'
import { float16BitsOf, loadFloat16, storeTwoBytes } from './float16-kernel.js'
import { refuseValue } from './refuse-value.js'

const BLOCK = 32
const HALF = 16
const BYTES = 18

/**
 * Q4_0 as in GGUF files: blocks of 32 values, each a little-endian float16 scale d, which may be negative, and 16 bytes that
 * hold q[j] in their low and q[j + 16] in their high four bits; a value is d (q - 8).
 * Packing follows ggml's reference in float32: d = the value of largest magnitude (the first of several) / -8,
 * q = min(15, trunc(x (1 / d) + 8.5)), from the d before it is rounded to float16; product and sum are each rounded. A block
 * of zeros has d = -0. Source: https://github.com/ggml-org/ggml, quantize_row_q4_0_ref.
 *
 * Packing throws ArgumentError for values that are not finite or whose scale does not fit in float16.
 */
export const q4_0 = defineFormat({
  name: 'Q4_0',
  blockSize: BLOCK,
  bytesPerBlock: BYTES,
  encode(values, out) {
    for (let start = 0, at = 0; start < values.length; start += BLOCK, at += BYTES) {
      const block = values.subarray(start, start + BLOCK)
      let largest = 0
      for (const value of block) {
        // The negation also catches NaN.
        if (!(Math.abs(value) < LIMIT)) refuseValue('Q4_0', LIMIT, value, start)
        if (Math.abs(value) > Math.abs(largest)) largest = value
      }
      const scale = Math.fround(largest / -8)
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale)
      writeFloat16(out, at, scale)
      const code = (i: number): number =>
        Math.min(15, Math.fround(Math.fround((block[i] as number) * inverse) + 8.5)) & 15
      for (let j = 0; j < HALF; j++) out[at + 2 + j] = code(j) | (code(j + HALF) << 4)
    }
  },
  decode(bytes, out) {
    for (let at = 0, start = 0; at < bytes.length; at += BYTES, start += BLOCK) {
      const scale = readFloat16(bytes, at)
      for (let j = 0; j < HALF; j++) {
        const pair = bytes[at + 2 + j] as number
        out[start + j] = scale * ((pair & 15) - 8)
        out[start + HALF + j] = scale * ((pair >> 4) - 8)
      }
    }
  },
  decodeElement(k, bytes, at) {
    const scale = loadFloat16(k, bytes, at)
    return (i) => {
      const pair = k.load(bytes, v.add(v.add(at, 2), v.and(i, HALF - 1)))
      const code = v.and(v.shr(pair, v.bitcast(v.mul(v.shr(i, 4), 4), 'u32')), 15)
      return v.mul(scale, v.convert(v.sub(v.bitcast(code, 'i32'), 8), 'f32'))
    }
  },
  integers: {
    // The integers are 16 (q - 8): high codes then stay where they are.
    unit: 2 ** 108,
    scale: (heads) => {
      const part = (mask: number, by: number): Value => v.shl(v.and(heads, v.splat(v.i32(mask), 4)), by)
      return v.bitcast(v.or(part(0x7fff, 13), part(0x8000, 16)), 'f32')
    },
    load(k, bytes, at) {
      const mask = (bits: number): Value => v.splat(v.i32(bits | 0), 4)
      const pairs = [2, 10].map((offset) => k.let(v.loadWidened(bytes, v.add(at, v.i32(offset)))))
      // 16 q - 128 in both halves of a word: no carry leaves the lower one if the sign comes last.
      const low = (pair: Value): Value =>
        v.xor(v.add(v.and(v.shl(pair, 4), mask(0x00f000f0)), mask(0x7f807f80)), mask(0x80008000))
      // Widening has copied the top bit of q upwards; turned, it is that of q - 8.
      const high = (pair: Value): Value => v.xor(v.and(pair, mask(0xfff0fff0)), mask(0xff80ff80))
      return { head: v.loadPacked(bytes, at, 4), pairs: [...pairs.map(low), ...pairs.map(high)] }
    },
  },
  encodeBlock(k, x, from, bytes, to) {
    const largest = k.variable(v.f32(0))
    k.for(0, BLOCK, (i) => {
      const value = k.let(k.load(x, v.add(from, i)))
      largest.set(v.select(v.gt(v.abs(value), v.abs(largest.get())), value, largest.get()))
    })
    const scale = k.let(v.div(largest.get(), -8))
    const inverse = k.let(v.select(v.eq(scale, 0), 0, v.div(v.f32(1), scale)))
    // The sign of -largest, a zero's too, which a GPU's division may lose.
    const sign = v.xor(v.and(v.shr(v.bitcast(largest.get(), 'u32'), 16), 0x8000), 0x8000)
    const bits = k.let(v.or(float16BitsOf(v.abs(scale)), sign))
    storeTwoBytes(k, bytes, to, bits)
    const code = (i: Value): Value => {
      const shifted = v.add(k.let(v.mul(k.load(x, v.add(from, i)), inverse)), 8.5)
      return v.and(v.bitcast(v.convert(v.min(v.trunc(shifted), 15), 'i32'), 'u32'), 15)
    }
    k.for(0, HALF, (j) => {
      const pair = v.or(code(j), v.shl(code(v.add(j, HALF)), 4))
      k.store(bytes, v.add(v.add(to, 2), j), pair)
    })
  },
  wgsl: {
    decodeFour: ({ word, half }) => `let scale = unpack2x16float(${half('at')}).x;
  let packed = ${word('at + 2 + 4 * (i & 3)')} >> u32(i & 4);
  return scale * (vec4<f32>((vec4<u32>(packed) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(15u)) - 8.0);`,
  },
})

/** From here on max|x| / 8 rounds to infinity in float16. */
const LIMIT = 8 * 65520
