// biome-ignore-all lint/correctness/noVoidTypeReturn: `return emit(...)` ends a case of a dispatch
import { bytesPerElement, computeTypeOf, type ScalarDType } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import { emitValue } from './emit-wasm-values.js'
import type { BufferRef, Value } from './value.js'
import type { FunctionCode } from './wasm-function.js'
import { OP, type Opcode } from './wasm-opcodes.js'

/**
 * Buffers never start below this address. A constant part of an index, up to this many bytes, becomes the instruction's
 * own offset; that offset is added without wrapping, so what is left of the address may not have wrapped below zero.
 */
export const LOWEST_ADDRESS = 1024

const I32_TYPES = ['i32', 'u32'] as const

/** index = rest + constant; the constant is not negative and small enough to become an instruction's offset. */
function splitIndex(index: Value, bytes: number): { rest: Value | null; offset: number } {
  if (index.kind === 'const') {
    const offset = index.value * bytes
    if (offset >= 0 && offset < 2 ** 31) return { rest: null, offset }
  }
  if (index.kind === 'binary' && index.op === 'add') {
    for (const [constant, other] of [
      [index.b, index.a],
      [index.a, index.b],
    ] as const) {
      if (constant.kind !== 'const' || constant.value < 0) continue
      const inner = splitIndex(other, bytes)
      const offset = inner.offset + constant.value * bytes
      if (offset <= LOWEST_ADDRESS && inner.rest) return { rest: inner.rest, offset }
    }
  }
  return { rest: index, offset: 0 }
}

/** Pushes a byte address; returns the offset that the instruction adds to it. */
function emitAddress(code: FunctionCode, what: string, buffer: BufferRef, index: Value): number {
  code.expect(`${what} ${buffer.name}: index`, index, I32_TYPES, 1)
  const bytes = bytesPerElement(buffer.dtype)
  const { rest, offset } = splitIndex(index, bytes)
  code.get(code.bufferPlace(buffer))
  if (!rest) return offset
  // One after the other: a place and what is added to it in a loop. V8 takes the address of the place out of the loop.
  for (const part of rest.kind === 'binary' && rest.op === 'add' ? [rest.a, rest.b] : [rest]) {
    emitBytes(code, part, bytes)
    code.op(OP.i32Add)
  }
  return offset
}

/** Pushes so many elements as bytes. */
function emitBytes(code: FunctionCode, elements: Value, bytes: number): void {
  if (elements.kind === 'binary' && elements.op === 'mul' && elements.b.kind === 'const') {
    emitValue(code, elements.a)
    code.i32Const(Math.imul(elements.b.value, bytes))
    code.op(OP.i32Mul)
    return
  }
  emitValue(code, elements)
  if (bytes > 1) {
    code.i32Const(Math.log2(bytes))
    code.op(OP.i32Shl)
  }
}

function access(code: FunctionCode, opcode: Opcode, alignment: number, offset: number): void {
  code.op(opcode)
  code.u32(alignment)
  code.u32(offset)
}

function checkLanes(code: FunctionCode, what: string, lanes: number): void {
  if (lanes !== 1 && lanes !== 4) throw new KernelTypeError(`${code.where}: ${what}`, '1 or 4 lanes', `${lanes}`)
}

/** Bits that are moved as they are come from targets that ask for them (`KernelTarget.movesBits`); this one does not. */
function elementOf(code: FunctionCode, what: string, { name, dtype }: BufferRef): ScalarDType {
  if (dtype !== 'bits8' && dtype !== 'bits16') return dtype
  throw new KernelTypeError(`${code.where}: ${what} ${name}`, 'elements of a dtype', dtype)
}

/** Element(s) of a buffer, in their compute type. */
export function emitLoad(code: FunctionCode, buffer: BufferRef, index: Value, lanes: number): void {
  checkLanes(code, `load ${buffer.name}`, lanes)
  const offset = emitAddress(code, 'load', buffer, index)
  const dtype = elementOf(code, 'load', buffer)
  if (lanes === 4) loadVector(code, dtype, offset)
  else loadScalar(code, dtype, offset)
}

/** Sixteen bytes from a byte index. */
export function emitLoadPacked(code: FunctionCode, buffer: BufferRef, index: Value, lanes: number): void {
  if (lanes !== 4) throw new KernelTypeError(`${code.where}: loadPacked ${buffer.name}`, '4 lanes', `${lanes}`)
  const offset = emitAddress(code, 'loadPacked', buffer, index)
  access(code, OP.v128Load, 0, offset)
}

/** Eight bytes from a byte index, each widened to 16 bits with its sign. */
export function emitLoadWidened(code: FunctionCode, buffer: BufferRef, index: Value): void {
  const offset = emitAddress(code, 'loadWidened', buffer, index)
  access(code, OP.v128Load8x8S, 0, offset)
}

/** One element of 32 bits into all four lanes. */
export function emitLoadSplat(code: FunctionCode, buffer: BufferRef, index: Value): void {
  const offset = emitAddress(code, 'load', buffer, index)
  access(code, OP.v128Load32Splat, 2, offset)
}

function loadScalar(code: FunctionCode, dtype: ScalarDType, offset: number): void {
  switch (dtype) {
    case 'float32':
      return access(code, OP.f32Load, 2, offset)
    case 'int32':
    case 'uint32':
      return access(code, OP.i32Load, 2, offset)
    case 'int8':
      return access(code, OP.i32Load8S, 0, offset)
    case 'uint8':
      return access(code, OP.i32Load8U, 0, offset)
    case 'bool':
      access(code, OP.i32Load8U, 0, offset)
      code.i32Const(0)
      return code.op(OP.i32Ne)
    case 'bfloat16':
      access(code, OP.i32Load16U, 1, offset)
      code.i32Const(16)
      code.op(OP.i32Shl)
      return code.op(OP.f32ReinterpretI32)
    case 'float16':
      access(code, OP.i32Load16U, 1, offset)
      return halfToFloat(code)
  }
}

function loadVector(code: FunctionCode, dtype: ScalarDType, offset: number): void {
  switch (dtype) {
    case 'float32':
    case 'int32':
    case 'uint32':
      return access(code, OP.v128Load, 2, offset)
    case 'int8':
      access(code, OP.v128Load32Zero, 0, offset)
      code.op(OP.i16x8ExtendLowI8x16S)
      return code.op(OP.i32x4ExtendLowI16x8S)
    case 'uint8':
      access(code, OP.v128Load32Zero, 0, offset)
      code.op(OP.i16x8ExtendLowI8x16U)
      return code.op(OP.i32x4ExtendLowI16x8U)
    case 'bool':
      loadVector(code, 'uint8', offset)
      code.i32x4Const(0)
      return code.op(OP.i32x4Ne)
    case 'bfloat16':
      access(code, OP.v128Load16x4U, 1, offset)
      code.i32Const(16)
      return code.op(OP.i32x4Shl)
    case 'float16':
      access(code, OP.v128Load16x4U, 1, offset)
      return halfToFloat4(code)
  }
}

/**
 * float16 to float32: exponent and mantissa move to their places and 2^112 corrects the bias, exactly, subnormals
 * included; what comes out at 65536 or above was an infinity or a NaN and gets the full exponent.
 */
function halfToFloat(code: FunctionCode): void {
  code.withTemp('i32', (bits) =>
    code.withTemp('f32', (value) => {
      code.tee(bits)
      code.i32Const(0x7fff)
      code.op(OP.i32And)
      code.i32Const(13)
      code.op(OP.i32Shl)
      code.op(OP.f32ReinterpretI32)
      code.f32Const(2 ** 112)
      code.op(OP.f32Mul)
      code.tee(value)
      code.op(OP.i32ReinterpretF32)
      code.get(value)
      code.f32Const(65536)
      code.op(OP.f32Ge)
      code.i32Const(23)
      code.op(OP.i32Shl)
      code.i32Const(0xff)
      code.op(OP.i32Mul)
      code.op(OP.i32Or)
      code.get(bits)
      code.i32Const(0x8000)
      code.op(OP.i32And)
      code.i32Const(16)
      code.op(OP.i32Shl)
      code.op(OP.i32Or)
      code.op(OP.f32ReinterpretI32)
    }),
  )
}

function halfToFloat4(code: FunctionCode): void {
  code.withTemp('v128', (bits) =>
    code.withTemp('v128', (value) => {
      code.tee(bits)
      code.i32x4Const(0x7fff)
      code.op(OP.v128And)
      code.i32Const(13)
      code.op(OP.i32x4Shl)
      code.f32Const(2 ** 112)
      code.op(OP.f32x4Splat)
      code.op(OP.f32x4Mul)
      code.tee(value)
      code.get(value)
      code.f32Const(65536)
      code.op(OP.f32x4Splat)
      code.op(OP.f32x4Ge)
      code.i32x4Const(0x7f800000)
      code.op(OP.v128And)
      code.op(OP.v128Or)
      code.get(bits)
      code.i32x4Const(0x8000)
      code.op(OP.v128And)
      code.i32Const(16)
      code.op(OP.i32x4Shl)
      code.op(OP.v128Or)
    }),
  )
}

/** Stores a value of one lane or four at an element index, converted to the buffer's dtype. */
export function emitStore(code: FunctionCode, buffer: BufferRef, index: Value, value: Value): void {
  const what = `store ${buffer.name}`
  checkLanes(code, what, value.lanes)
  if (buffer.access === 'read') {
    throw new KernelTypeError(`${code.where}: ${what}`, 'a buffer that may be written', "one with access 'read'")
  }
  code.expect(what, value, [computeTypeOf(buffer.dtype)], value.lanes)
  const offset = emitAddress(code, 'store', buffer, index)
  emitValue(code, value)
  const dtype = elementOf(code, 'store', buffer)
  if (value.lanes === 4) storeVector(code, dtype, offset)
  else storeScalar(code, dtype, offset)
}

function storeScalar(code: FunctionCode, dtype: ScalarDType, offset: number): void {
  switch (dtype) {
    case 'float32':
      return access(code, OP.f32Store, 2, offset)
    case 'int32':
    case 'uint32':
      return access(code, OP.i32Store, 2, offset)
    case 'int8':
    case 'uint8':
    case 'bool':
      return access(code, OP.i32Store8, 0, offset)
    case 'bfloat16':
      // The vector conversion's first lane, so that an element's place never changes its bits.
      code.op(OP.f32x4Splat)
      floatToBfloat4(code)
      code.lane(OP.i32x4ExtractLane, 0)
      return access(code, OP.i32Store16, 1, offset)
    case 'float16':
      code.op(OP.f32x4Splat)
      floatToHalf4(code)
      code.lane(OP.i32x4ExtractLane, 0)
      return access(code, OP.i32Store16, 1, offset)
  }
}

const LOW_BYTES = [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12]
const LOW_HALVES = [0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13]

function storeVector(code: FunctionCode, dtype: ScalarDType, offset: number): void {
  switch (dtype) {
    case 'float32':
    case 'int32':
    case 'uint32':
      return access(code, OP.v128Store, 2, offset)
    case 'bool':
      code.i32x4Const(1)
      code.op(OP.v128And)
      return storeLow(code, LOW_BYTES, OP.v128Store32Lane, 0, offset)
    case 'int8':
    case 'uint8':
      return storeLow(code, LOW_BYTES, OP.v128Store32Lane, 0, offset)
    case 'bfloat16':
      floatToBfloat4(code)
      return storeLow(code, LOW_HALVES, OP.v128Store64Lane, 1, offset)
    case 'float16':
      floatToHalf4(code)
      return storeLow(code, LOW_HALVES, OP.v128Store64Lane, 1, offset)
  }
}

/** Packs the low bytes of every lane together and stores them. */
function storeLow(
  code: FunctionCode,
  order: readonly number[],
  opcode: Opcode,
  alignment: number,
  offset: number,
): void {
  code.withTemp('v128', (value) => {
    code.tee(value)
    code.get(value)
    code.shuffle(order)
    access(code, opcode, alignment, offset)
    code.byte(0)
  })
}

/** float32 to bfloat16, nearest even; a NaN keeps its sign and stays one. */
function floatToBfloat4(code: FunctionCode): void {
  code.withTemp('v128', (value) => {
    code.set(value)
    // NaN: the top half with the quiet bit.
    code.get(value)
    code.i32Const(16)
    code.op(OP.i32x4ShrU)
    code.i32x4Const(0x40)
    code.op(OP.v128Or)
    // Otherwise (bits + 0x7fff + lowest kept bit) >> 16.
    code.get(value)
    code.get(value)
    code.i32Const(16)
    code.op(OP.i32x4ShrU)
    code.i32x4Const(1)
    code.op(OP.v128And)
    code.op(OP.i32x4Add)
    code.i32x4Const(0x7fff)
    code.op(OP.i32x4Add)
    code.i32Const(16)
    code.op(OP.i32x4ShrU)
    code.get(value)
    code.get(value)
    code.op(OP.f32x4Ne)
    code.op(OP.v128Bitselect)
  })
}

/**
 * float32 to float16, nearest even. Normal results round by integer addition below the kept bits; results under 2^-14 by
 * the float addition of 0.5, whose last place is float16's smallest step; from 65520 on it is an infinity.
 */
function floatToHalf4(code: FunctionCode): void {
  code.withTemp('v128', (value) =>
    code.withTemp('v128', (magnitude) => {
      code.tee(value)
      code.op(OP.f32x4Abs)
      code.set(magnitude)
      // NaN or too large.
      code.i32x4Const(0x7e00)
      code.i32x4Const(0x7c00)
      code.get(magnitude)
      code.get(magnitude)
      code.op(OP.f32x4Ne)
      code.op(OP.v128Bitselect)
      // Subnormal.
      code.get(magnitude)
      code.f32Const(0.5)
      code.op(OP.f32x4Splat)
      code.op(OP.f32x4Add)
      code.i32x4Const(0x3f000000)
      code.op(OP.i32x4Sub)
      // Normal: rebias by (15 - 127) << 23 and add half a step, to even.
      code.get(magnitude)
      code.get(magnitude)
      code.i32Const(13)
      code.op(OP.i32x4ShrU)
      code.i32x4Const(1)
      code.op(OP.v128And)
      code.op(OP.i32x4Add)
      code.i32x4Const((0xc8000000 + 0xfff) | 0)
      code.op(OP.i32x4Add)
      code.i32Const(13)
      code.op(OP.i32x4ShrU)
      // magnitude < 2^-14 ? subnormal : normal
      code.get(magnitude)
      code.f32Const(2 ** -14)
      code.op(OP.f32x4Splat)
      code.op(OP.f32x4Lt)
      code.op(OP.v128Bitselect)
      // !(magnitude < 65536) ? special : that. The comparison is false for a NaN.
      code.get(magnitude)
      code.f32Const(65536)
      code.op(OP.f32x4Splat)
      code.op(OP.f32x4Lt)
      code.op(OP.v128Not)
      code.op(OP.v128Bitselect)
      code.get(value)
      code.i32Const(16)
      code.op(OP.i32x4ShrU)
      code.i32x4Const(0x8000)
      code.op(OP.v128And)
      code.op(OP.v128Or)
    }),
  )
}
