import { type OpClass, seededRandom } from '@almanac/test-kit'
import { type DType, isBlock, packElements, type ScalarDType, type Tensor } from '../../src/index.js'

export interface CaseInput {
  readonly shape: readonly number[]
  readonly dtype: ScalarDType
  readonly values: readonly number[]
}

/** One computation that every backend must give the same result for, within the tolerance of its class. */
export interface ConformanceCase {
  readonly name: string
  readonly opClass: OpClass
  readonly inputs: readonly CaseInput[]
  run(...inputs: Tensor[]): Tensor | readonly Tensor[]
  /** What plain JavaScript gives, for the cpu backend to be held to; others are held to the cpu backend. */
  readonly expected?: (...inputs: (readonly number[])[]) => readonly number[]
}

/** Cases that are realised in one program, so that a GPU compiles and submits few times. */
export interface ConformanceGroup {
  readonly name: string
  readonly cases: readonly ConformanceCase[]
}

const random = seededRandom(2024)

/** Values of a dtype, of order one (floats) or in a small range of both signs where there are two. */
export function input(shape: readonly number[], dtype: ScalarDType = 'float32', low = -2, high = 2): CaseInput {
  const size = shape.reduce((a, b) => a * b, 1)
  const draw = (): number => {
    switch (dtype) {
      case 'bool':
        return random.integer(2)
      case 'int8':
      case 'int32':
        return random.integer(41) - 20
      case 'uint8':
      case 'uint32':
        return random.integer(41)
      default:
        return random.uniform(low, high)
    }
  }
  return given(shape, dtype, Array.from({ length: size }, draw))
}

/** Given values, rounded to what the dtype stores. */
export function given(shape: readonly number[], dtype: ScalarDType, values: readonly number[]): CaseInput {
  return { shape, dtype, values: stored(values, dtype) }
}

/** Row of given values. */
export const row = (dtype: ScalarDType, values: readonly number[]): CaseInput => given([values.length], dtype, values)

/** Numbers as they come back after they were stored in a dtype. */
export function stored(values: readonly number[], dtype: DType): number[] {
  if (isBlock(dtype)) throw new Error('block formats are encoded by their own code')
  const bytes = packElements(values, dtype)
  const { buffer, byteOffset, byteLength } = bytes
  switch (dtype) {
    case 'float32':
      return [...new Float32Array(buffer, byteOffset, byteLength / 4)]
    case 'float16':
      return Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), float16)
    case 'bfloat16':
      return Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), bfloat16)
    case 'int32':
      return [...new Int32Array(buffer, byteOffset, byteLength / 4)]
    case 'uint32':
      return [...new Uint32Array(buffer, byteOffset, byteLength / 4)]
    case 'int8':
      return [...new Int8Array(buffer, byteOffset, byteLength)]
    default:
      return [...bytes]
  }
}

function bfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] as number
}

/** IEEE 754 binary16 by its definition, so that the library's own conversion is not what checks it. */
function float16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

export const FLOATS = ['float32', 'float16', 'bfloat16'] as const
export const INTEGERS = ['int32', 'uint32', 'int8', 'uint8'] as const
