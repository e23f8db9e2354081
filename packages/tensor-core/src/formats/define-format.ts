import { ArgumentError, DTypeError, ShapeError } from '../errors.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'

/**
 * A packed number format: `blockSize` consecutive values of a row become `bytesPerBlock` bytes.
 * A tensor of this dtype keeps its logical shape; its last axis is packed, in whole blocks.
 */
export interface BlockFormat {
  readonly kind: 'block'
  readonly name: string
  /** Values in one block. */
  readonly blockSize: number
  readonly bytesPerBlock: number
  /**
   * Packs rows laid end to end, on the host.
   * @throws ShapeError when the length is not a multiple of the block size, DTypeError when the format cannot be written
   */
  encode(values: Float32Array): Uint8Array
  /**
   * Unpacks `bytes` into `out`, on the host.
   * @throws ShapeError when the bytes are not whole blocks or `out` has another length than they hold
   */
  decode(bytes: Uint8Array, out: Float32Array): void
  /** In a kernel: a function that gives element i (a lane index of the block) of the block at byte `at`, float32. */
  readonly decodeElement: (k: KernelBuilder, bytes: BufferRef, at: Value) => (i: Value) => Value
  /** In a kernel: packs the `blockSize` floats at x[from] into the bytes at `to`. */
  readonly encodeBlock: (k: KernelBuilder, x: BufferRef, from: Value, bytes: BufferRef, to: Value) => void
  /**
   * In a kernel: adds the dot products of the block at byte `at` with the `blockSize` floats at x[from[r]] to sums[r], for
   * every r, and returns the sums. A sum has the target's vector lanes, whose total counts. The block is decoded once; what
   * is done to one sum does not depend on how many there are. Default: by decodeElement.
   */
  readonly dotTile?: (
    k: KernelBuilder,
    bytes: BufferRef,
    at: Value,
    x: BufferRef,
    from: readonly Value[],
    sums: readonly Value[],
  ) => Value[]
  /** The blocks as integers, for kernels with vectors of four lanes: products with them are then taken on integers. */
  readonly integers?: BlockIntegers
  /** Decoding in WGSL, for products on GPUs that share memory. Without it they run by decodeElement or dotTile. */
  readonly wgsl?: BlockWgsl
}

export interface BlockWgsl {
  /**
   * The body of a WGSL function of `at` and `i` (both i32) that returns values 4 i to 4 i + 3 of the block at byte `at`, a
   * vec4<f32>. Neighbouring invocations ask for neighbouring i: what they read should lie side by side.
   */
  decodeFour(read: BlockReader): string
}

/** The packed bytes in WGSL, all little-endian u32 expressions. Byte indices are i32 expressions. */
export interface BlockReader {
  /** Four bytes, from any byte on. */
  word(byte: string): string
  /** Two bytes, from an even byte on. */
  half(byte: string): string
  byte(byte: string): string
}

export interface BlockIntegers {
  /** What scales are multiples of: a power of four. Products are multiplied by it at their end. */
  readonly unit: number
  /**
   * The block at byte `at` as scale times small integers. Activations are rounded to 16 bits a block; the integers stay
   * within 2^15 / blockSize, so that sums of their products fit in 32 bits.
   */
  load(k: KernelBuilder, bytes: BufferRef, at: Value): LoadedIntegers
  /** The scales, float32 in units of `unit`, of the blocks whose heads stand in the four lanes. */
  scale(heads: Value): Value
}

export interface LoadedIntegers {
  /** A packed vector whose first lane holds what the scale is made from; the other lanes may hold anything. */
  readonly head: Value
  /** blockSize / 8 vectors of packed int16, two a lane, in order. */
  readonly pairs: readonly Value[]
}

/** What a format has to say about itself; `encode` and `decode` may rely on whole blocks and fitting lengths. */
export interface BlockFormatDefinition {
  readonly name: string
  readonly blockSize: number
  readonly bytesPerBlock: number
  /** Fills `out`. Leave it away for a format that is only read. */
  readonly encode?: (values: Float32Array, out: Uint8Array) => void
  /** Fills `out`. */
  readonly decode: (bytes: Uint8Array, out: Float32Array) => void
  readonly decodeElement: BlockFormat['decodeElement']
  readonly encodeBlock: BlockFormat['encodeBlock']
  readonly dotTile?: BlockFormat['dotTile']
  readonly integers?: BlockFormat['integers']
  /** Needs a block size that is a multiple of four. */
  readonly wgsl?: BlockFormat['wgsl']
}

/**
 * Makes a block format from its definition and puts the length checks around it.
 * @throws ArgumentError when a size is not a positive integer, or no multiple of four where `wgsl` needs one
 */
export function defineFormat(definition: BlockFormatDefinition): BlockFormat {
  const { name, blockSize, bytesPerBlock, encode, decode, decodeElement, encodeBlock, dotTile, integers, wgsl } =
    definition
  for (const [field, size] of Object.entries({ blockSize, bytesPerBlock })) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new ArgumentError('defineFormat', `${field} as a positive integer`, String(size), `Check format ${name}.`)
    }
  }
  if (wgsl && blockSize % 4 !== 0) {
    throw new ArgumentError(
      'defineFormat',
      'a blockSize that is a multiple of 4 beside wgsl',
      `${blockSize}`,
      `Leave wgsl away from format ${name}.`,
    )
  }
  return Object.freeze({
    kind: 'block' as const,
    name,
    blockSize,
    bytesPerBlock,
    decodeElement,
    encodeBlock,
    ...(dotTile ? { dotTile } : {}),
    ...(integers ? { integers } : {}),
    ...(wgsl ? { wgsl } : {}),
    encode(values: Float32Array): Uint8Array {
      if (!encode) {
        throw new DTypeError(
          `${name}.encode`,
          'a format that can be written',
          'one that is only read',
          'Pick another format.',
        )
      }
      const out = new Uint8Array(blockByteLength({ name, blockSize, bytesPerBlock }, [values.length]))
      encode(values, out)
      return out
    },
    decode(bytes: Uint8Array, out: Float32Array): void {
      if (bytes.length % bytesPerBlock !== 0) {
        throw new ShapeError(
          `${name}.decode`,
          `whole blocks of ${bytesPerBlock} bytes`,
          `${bytes.length} bytes`,
          'The data is truncated or of another format.',
        )
      }
      const values = (bytes.length / bytesPerBlock) * blockSize
      if (out.length !== values) {
        throw new ShapeError(
          `${name}.decode`,
          `an output of ${values} values`,
          `one of ${out.length}`,
          'Check the shape.',
        )
      }
      decode(bytes, out)
    },
  })
}

/**
 * Bytes that a tensor of this shape takes.
 * @throws ShapeError when its rows (the last axis) are not whole blocks
 */
export function blockByteLength(
  format: Pick<BlockFormat, 'name' | 'blockSize' | 'bytesPerBlock'>,
  shape: readonly number[],
): number {
  const row = shape.at(-1) ?? 1
  if (row % format.blockSize !== 0) {
    throw new ShapeError(
      format.name,
      `rows of a multiple of ${format.blockSize} values`,
      `shape [${shape.join(', ')}]`,
      'Keep this tensor unpacked or pad its last axis.',
    )
  }
  return (shape.reduce((product, extent) => product * extent, 1) / format.blockSize) * format.bytesPerBlock
}
