import type { ScalarDType } from '../../dtype.js'

/** The dtypes whose elements WGSL can hold as they are. */
export const NATIVE: Partial<Record<ScalarDType, string>> = { float32: 'f32', int32: 'i32', uint32: 'u32' }

/** An element of a dtype from the words of its buffer; `i` is the element's index. */
export function decodeElement(dtype: ScalarDType, word: (index: string) => string): string {
  const half = `(${word('(i >> 1u)')} >> (u32(i & 1) * 16u)) & 0xffffu`
  const byte = (type: string) => `extractBits(${type}(${word('(i >> 2u)')}), u32(i & 3) * 8u, 8u)`
  switch (dtype) {
    case 'float32':
      return `bitcast<f32>(${word('i')})`
    case 'int32':
      return `bitcast<i32>(${word('i')})`
    case 'uint32':
      return word('i')
    case 'float16':
      return `f16_to_f32(${half})`
    case 'bfloat16':
      return `bf16_to_f32(${half})`
    case 'int8':
      return byte('bitcast<i32>')
    case 'uint8':
      return byte('')
    case 'bool':
      return `${byte('')} != 0u`
  }
}

/** The bits of a 16-bit float, in the lower half of a word: to nearest even. */
export const halfBits = (dtype: ScalarDType, value: string): string =>
  `${dtype === 'float16' ? 'f32_to_f16' : 'f32_to_bf16'}(${value})`

/** A vec4<f32> from two words that hold four elements of a 16-bit float. WGSL may flush subnormal float16. */
export function unpackFour(dtype: ScalarDType, words: string): string {
  if (dtype === 'float16') return `vec4<f32>(unpack2x16float(${words}.x), unpack2x16float(${words}.y))`
  return `bitcast<vec4<f32>>(vec4<u32>(${words}.x << 16u, ${words}.x & 0xffff0000u, ${words}.y << 16u, ${words}.y & 0xffff0000u))`
}

/** Two words that hold the four elements of `v`, rounded to a 16-bit float. */
export function packFour(dtype: ScalarDType, v: string): string {
  const word = (low: string, high: string) =>
    `${halfBits(dtype, `${v}.${low}`)} | (${halfBits(dtype, `${v}.${high}`)} << 16u)`
  return `vec2<u32>(${word('x', 'y')}, ${word('z', 'w')})`
}

/** Writes `v` into its part of a word; the parts beside it may be written by other invocations at the same time. */
export function storePartOfWord(binding: string, dtype: ScalarDType): string {
  const half = dtype === 'float16' || dtype === 'bfloat16'
  const bits = {
    float16: 'f32_to_f16(v)',
    bfloat16: 'f32_to_bf16(v)',
    int8: 'bitcast<u32>(v) & 0xffu',
    uint8: 'v & 0xffu',
    bool: 'select(0u, 1u, v)',
  }[dtype as 'float16']
  const word = `&${binding}[i >> ${half ? 1 : 2}u]`
  return [
    `let shift = u32(i & ${half ? 1 : 3}) * ${half ? 16 : 8}u;`,
    `atomicAnd(${word}, ~(${half ? '0xffffu' : '0xffu'} << shift));`,
    `atomicOr(${word}, (${bits}) << shift);`,
  ].join('\n  ')
}
