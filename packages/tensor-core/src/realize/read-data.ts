import type { NestedNumbers } from '../create.js'
import { dtypeName, isBlock, isFloat } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { bfloat16BitsToFloat32, float16BitsToFloat32 } from '../float-bits.js'
import type { Tensor } from '../graph/tensor.js'
import { formatShape } from '../shape.js'
import { deviceBytes, toDeviceLayout } from './device-bytes.js'
import { liveBuffer } from './live-buffer.js'
import { afterRealize, type RealizeOptions } from './realize.js'

/** float32, float16 and bfloat16 come as Float32Array (Float64Array from a float64 device), bool as Uint8Array of 0 and 1. */
export type ElementArray = Float32Array | Float64Array | Int32Array | Uint32Array | Int8Array | Uint8Array

interface Raw {
  readonly bytes: Uint8Array
  readonly floatBytes: 4 | 8
}

function readRaw(tensor: Tensor, options: RealizeOptions = {}): Promise<Raw> {
  return afterRealize([tensor], options, async (backend): Promise<Raw> => {
    const { node, index } = tensor
    if (node.source.kind !== 'state') {
      if (node.failure !== undefined) throw node.failure
      const storage = node.storage[index]
      if (storage?.kind === 'host') return { bytes: storage.bytes.slice(), floatBytes: storage.floatBytes }
    }
    const storage = node.storage[index]
    const held = node.source.kind === 'state' ? node.source.state.storage : storage
    if (held?.kind !== 'device') throw new ShapeError('data', 'a value that is there', `${tensor} without one`)
    const buffer = liveBuffer(held, backend, node.label, tensor)
    const { floatBytes } = backend.limits
    return { bytes: await backend.read(buffer, 0, deviceBytes(tensor.dtype, tensor.size, floatBytes)), floatBytes }
  })
}

/** The bytes of a tensor in its dtype's storage layout. */
export async function readBytes(tensor: Tensor, options?: RealizeOptions): Promise<Uint8Array> {
  const { bytes, floatBytes } = await readRaw(tensor, options)
  return toDeviceLayout(bytes, tensor.dtype, floatBytes, 4)
}

/** The elements of a tensor, row-major; a block format is decoded. */
export async function readData(tensor: Tensor, options?: RealizeOptions): Promise<ElementArray> {
  const { dtype } = tensor
  if (isBlock(dtype)) return readData(tensor.cast('float32'), options)
  const { bytes, floatBytes } = await readRaw(tensor, options)
  const { buffer, byteOffset, byteLength } = byteLength4(bytes)
  if (isFloat(dtype) && floatBytes === 8) return new Float64Array(buffer, byteOffset, byteLength / 8)
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4)
    case 'float16':
      return float16BitsToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2))
    case 'bfloat16':
      return bfloat16BitsToFloat32(new Uint16Array(buffer, byteOffset, byteLength / 2))
    case 'int32':
      return new Int32Array(buffer, byteOffset, byteLength / 4)
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, byteLength / 4)
    case 'int8':
      return new Int8Array(buffer, byteOffset, byteLength)
    default:
      return new Uint8Array(buffer, byteOffset, byteLength)
  }
}

/** Bytes at an offset that every element type may start at. */
function byteLength4(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
}

/** The only element of a tensor. Throws ShapeError if it has more, or none. */
export async function readItem(tensor: Tensor, options?: RealizeOptions): Promise<number> {
  if (tensor.size !== 1) {
    throw new ShapeError(
      'item',
      'a tensor of one element',
      `${formatShape(tensor.shape)} ${dtypeName(tensor.dtype)}`,
      'Use data() or toArray().',
    )
  }
  return (await readData(tensor, options))[0] as number
}

/** The elements as nested arrays; bools as booleans. */
export async function readNested(tensor: Tensor, options?: RealizeOptions): Promise<NestedNumbers> {
  const values = await readData(tensor, options)
  let at = 0
  const build = (axis: number): NestedNumbers => {
    if (axis === tensor.rank) {
      const value = values[at++] as number
      return tensor.dtype === 'bool' ? value !== 0 : value
    }
    return Array.from({ length: tensor.shape[axis] as number }, () => build(axis + 1))
  }
  return build(0)
}
