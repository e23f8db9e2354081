import type { Device } from './device.js'
import { byteLengthOf, type DType, isBlock, type ScalarDType } from './dtype.js'
import { ArgumentError, ShapeError } from './errors.js'
import { toBfloat16Bits, toFloat16Bits } from './float-bits.js'
import { Node } from './graph/node.js'
import { Tensor } from './graph/tensor.js'
import { formatShape, type Shape, sizeOf } from './shape.js'

export type NestedNumbers = number | boolean | readonly NestedNumbers[]
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Int8Array | Uint8Array | Uint16Array

export interface TensorOptions {
  /** Needed for typed arrays of more than one axis. */
  readonly shape?: Shape
  /** Default: that of the typed array; for numbers float32, for booleans bool. */
  readonly dtype?: ScalarDType
  readonly device?: Device
}

/** A leaf that holds `bytes`, laid out as `dtype` is stored. */
export function tensorFromBytes(bytes: Uint8Array, shape: Shape, dtype: DType, device: Device | null = null): Tensor {
  const expected = byteLengthOf(dtype, sizeOf(shape))
  if (bytes.byteLength !== expected) {
    throw new ShapeError(
      'tensorFromBytes',
      `${expected} bytes for shape ${formatShape(shape)}`,
      `${bytes.byteLength} bytes`,
    )
  }
  const node = new Node({ kind: 'leaf' }, [{ shape, dtype }], device, 'tensor')
  node.storage[0] = { kind: 'host', bytes, floatBytes: 4 }
  return new Tensor(node, 0)
}

function flatten(data: NestedNumbers): { values: number[]; shape: number[]; boolean: boolean } {
  const values: number[] = []
  const shape: number[] = []
  let boolean = true
  for (let level: NestedNumbers = data; Array.isArray(level); level = level[0] as NestedNumbers) {
    shape.push(level.length)
    if (level.length === 0) break
  }
  const walk = (part: NestedNumbers, depth: number): void => {
    if (Array.isArray(part)) {
      if (part.length !== shape[depth]) {
        throw new ShapeError(
          'tensor',
          `nested arrays of equal lengths (${shape[depth] ?? 'numbers'} at depth ${depth})`,
          `${part.length}`,
        )
      }
      for (const item of part) walk(item, depth + 1)
    } else {
      if (depth !== shape.length)
        throw new ShapeError('tensor', `numbers at depth ${shape.length}`, `a number at depth ${depth}`)
      if (typeof part !== 'boolean') boolean = false
      values.push(Number(part))
    }
  }
  walk(data, 0)
  return { values, shape, boolean: boolean && values.length > 0 }
}

function dtypeOf(data: TypedArray): ScalarDType {
  if (data instanceof Int32Array) return 'int32'
  if (data instanceof Uint32Array) return 'uint32'
  if (data instanceof Int8Array) return 'int8'
  if (data instanceof Uint8Array) return 'uint8'
  if (data instanceof Uint16Array) {
    throw new ArgumentError(
      'tensor',
      'float32, float64 or integer data',
      'a Uint16Array',
      'For float16 or bfloat16 bits use tensorFromBytes.',
    )
  }
  return 'float32'
}

/** Numbers in the layout a dtype is stored in. */
export function packElements(values: ArrayLike<number>, dtype: ScalarDType): Uint8Array {
  const typed = ((): ArrayBufferView => {
    switch (dtype) {
      case 'float32':
        return Float32Array.from(values)
      case 'float16':
        return Uint16Array.from(values, (x) => toFloat16Bits(x))
      case 'bfloat16':
        return Uint16Array.from(values, (x) => toBfloat16Bits(x))
      case 'int32':
        return Int32Array.from(values)
      case 'uint32':
        return Uint32Array.from(values)
      case 'int8':
        return Int8Array.from(values)
      case 'uint8':
        return Uint8Array.from(values)
      case 'bool':
        return Uint8Array.from(values, (x) => (x ? 1 : 0))
    }
  })()
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength)
}

/**
 * A tensor of given values (copied): a number, nested arrays, or a typed array with `shape`.
 * Throws ShapeError for ragged arrays or a shape that does not fit.
 */
export function tensor(data: NestedNumbers | TypedArray, options: TensorOptions = {}): Tensor {
  const typed = ArrayBuffer.isView(data)
  const nested = typed
    ? { values: data as ArrayLike<number>, shape: [data.length], boolean: false }
    : flatten(data as NestedNumbers)
  const dtype = options.dtype ?? (typed ? dtypeOf(data as TypedArray) : nested.boolean ? 'bool' : 'float32')
  if (isBlock(dtype))
    throw new ArgumentError('tensor', 'a scalar dtype', (dtype as { name: string }).name, 'Make float32 and cast it.')
  const shape = options.shape ?? nested.shape
  if (sizeOf(shape) !== nested.values.length) {
    throw new ShapeError('tensor', `${sizeOf(shape)} values for shape ${formatShape(shape)}`, `${nested.values.length}`)
  }
  return tensorFromBytes(packElements(nested.values, dtype), shape, dtype, options.device ?? null)
}
