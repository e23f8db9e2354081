import type { StoredDType } from '../../dtype.js'

/** The dtypes whose elements WGSL can hold as they are. */
export const NATIVE: Partial<Record<StoredDType, string>> = { float32: 'f32', int32: 'i32', uint32: 'u32' }

/**
 * Dtypes of narrow elements that share their code: which of them a buffer holds is a parameter, its format, when a kernel runs.
 * A format of a float says whether it is a bfloat16; one of bits is the logarithm of the elements in a word.
 */
export const FORMATS: Partial<Record<StoredDType, { readonly name: 'half' | 'bits'; readonly format: number }>> = {
  float16: { name: 'half', format: 0 },
  bfloat16: { name: 'half', format: 1 },
  bits16: { name: 'bits', format: 1 },
  bits8: { name: 'bits', format: 2 },
}

/** An element of a dtype from the words of its buffer; `i` is the element's index. `format`: where the buffer has one. */
export function decodeElement(dtype: StoredDType, word: (index: string) => string, format: string | null): string {
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
    case 'bfloat16':
      if (format !== null) return `half_to_f32(${half}, ${format})`
      return `${dtype === 'float16' ? 'f16_to_f32' : 'bf16_to_f32'}(${half})`
    case 'int8':
      return byte('bitcast<i32>')
    case 'uint8':
      return byte('')
    case 'bool':
      return `${byte('')} != 0u`
    case 'bits8':
    case 'bits16':
      return `part_of_word(${word(`(i >> u32(${format}))`)}, i, u32(${format}))`
  }
}

/** The bits of a 16-bit float, in the lower half of a word: to nearest even. */
export function halfBits(dtype: StoredDType, value: string, format: string | null = null): string {
  if (format !== null) return `f32_to_half(${value}, ${format})`
  return `${dtype === 'float16' ? 'f32_to_f16' : 'f32_to_bf16'}(${value})`
}

/** A vec4<f32> from two words that hold four elements of a 16-bit float. WGSL may flush subnormal float16. */
export function unpackFour(dtype: StoredDType, words: string): string {
  if (dtype === 'float16') return `vec4<f32>(unpack2x16float(${words}.x), unpack2x16float(${words}.y))`
  return `bitcast<vec4<f32>>(vec4<u32>(${words}.x << 16u, ${words}.x & 0xffff0000u, ${words}.y << 16u, ${words}.y & 0xffff0000u))`
}

/** Two words that hold the four elements of `v`, rounded to a 16-bit float. */
export function packFour(dtype: StoredDType, v: string): string {
  const word = (low: string, high: string) =>
    `${halfBits(dtype, `${v}.${low}`)} | (${halfBits(dtype, `${v}.${high}`)} << 16u)`
  return `vec2<u32>(${word('x', 'y')}, ${word('z', 'w')})`
}

/** Writes `v` into its part of a word; the parts beside it may be written by other invocations at the same time. */
export function storePartOfWord(binding: string, dtype: StoredDType, format: string | null): string {
  const bits: Partial<Record<StoredDType, string>> = {
    float16: halfBits(dtype, 'v', format),
    bfloat16: halfBits(dtype, 'v', format),
    int8: 'bitcast<u32>(v)',
    bool: 'select(0u, 1u, v)',
  }
  const inWord: Partial<Record<StoredDType, string>> = {
    float16: '1u',
    bfloat16: '1u',
    bits8: `u32(${format})`,
    bits16: `u32(${format})`,
  }
  return [
    `let inWord = ${inWord[dtype] ?? '2u'};`,
    'let width = 32u >> inWord;',
    'let shift = (u32(i) & ((1u << inWord) - 1u)) * width;',
    'let mask = 0xffffffffu >> (32u - width);',
    `atomicAnd(&${binding}[i >> inWord], ~(mask << shift));`,
    `atomicOr(&${binding}[i >> inWord], ((${bits[dtype] ?? 'v'}) & mask) << shift);`,
  ].join('\n  ')
}
