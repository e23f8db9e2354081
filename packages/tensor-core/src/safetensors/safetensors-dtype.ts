/**
 * Element types of safetensors files and their bytes. The order is the original's: a writer puts later types first, so
 * that wide elements stay aligned. Source: https://github.com/huggingface/safetensors, enum Dtype.
 */
const BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const

export type SafetensorsDType = keyof typeof BYTES

export const SAFETENSORS_DTYPES = Object.keys(BYTES) as readonly SafetensorsDType[]

export function isSafetensorsDType(name: unknown): name is SafetensorsDType {
  return typeof name === 'string' && Object.hasOwn(BYTES, name)
}

/** Bytes of one element. */
export function safetensorsElementBytes(dtype: SafetensorsDType): number {
  return BYTES[dtype]
}
