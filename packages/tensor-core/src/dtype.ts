import type { BlockFormat } from './formats/define-format.js'

/** Element types a tensor can be stored in. float16 and bfloat16 are storage only: kernels compute in float32. */
export type ScalarDType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'uint32' | 'int8' | 'uint8' | 'bool'

/** A scalar dtype, or a block format such as Q8_0 (the tensor keeps its logical shape; its last axis is packed). */
export type DType = ScalarDType | BlockFormat

/** What a kernel's buffer holds: elements of a dtype, or so many bits that it moves as they are, in a u32. */
export type StoredDType = ScalarDType | 'bits8' | 'bits16'

/** The type a register holds while a kernel computes. */
export type ComputeType = 'f32' | 'i32' | 'u32' | 'bool'

interface ScalarDTypeInfo {
  readonly bytes: number
  readonly compute: ComputeType
  readonly float: boolean
}

const INFO: { readonly [D in StoredDType]: ScalarDTypeInfo } = {
  float32: { bytes: 4, compute: 'f32', float: true },
  float16: { bytes: 2, compute: 'f32', float: true },
  bfloat16: { bytes: 2, compute: 'f32', float: true },
  int32: { bytes: 4, compute: 'i32', float: false },
  uint32: { bytes: 4, compute: 'u32', float: false },
  int8: { bytes: 1, compute: 'i32', float: false },
  uint8: { bytes: 1, compute: 'u32', float: false },
  bool: { bytes: 1, compute: 'bool', float: false },
  bits8: { bytes: 1, compute: 'u32', float: false },
  bits16: { bytes: 2, compute: 'u32', float: false },
}

export const SCALAR_DTYPES = Object.keys(INFO).filter((name) => !name.startsWith('bits')) as readonly ScalarDType[]

export function isBlock(dtype: DType | StoredDType): dtype is BlockFormat {
  return typeof dtype !== 'string'
}

export function dtypeName(dtype: DType | StoredDType): string {
  return isBlock(dtype) ? dtype.name : dtype
}

/** True for float32, float16, bfloat16 and block formats, which stand for floats. */
export function isFloat(dtype: DType | StoredDType): boolean {
  return isBlock(dtype) || INFO[dtype].float
}

export function isInteger(dtype: DType): boolean {
  return !isFloat(dtype) && dtype !== 'bool'
}

/** The register type of a dtype's elements. Block formats decode to f32. */
export function computeTypeOf(dtype: DType | StoredDType): ComputeType {
  return isBlock(dtype) ? 'f32' : INFO[dtype].compute
}

/** Bytes of one stored element of a scalar dtype. */
export function bytesPerElement(dtype: StoredDType): number {
  return INFO[dtype].bytes
}

/** Bytes that `elements` elements take; block formats count whole blocks. */
export function byteLengthOf(dtype: DType, elements: number): number {
  return isBlock(dtype) ? (elements / dtype.blockSize) * dtype.bytesPerBlock : elements * INFO[dtype].bytes
}
