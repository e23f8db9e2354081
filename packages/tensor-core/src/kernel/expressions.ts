import { type ComputeType, computeTypeOf } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import type { BinaryOp, BufferRef, CompareOp, KernelFunction, UnaryOp, Value } from './value.js'

/** Constructors of kernel values. A number among the operands takes the type and lanes of the other operand. */
export type Operand = Value | number

export const f32 = (value: number): Value => ({ kind: 'const', type: 'f32', lanes: 1, value })
export const i32 = (value: number): Value => ({ kind: 'const', type: 'i32', lanes: 1, value })
export const u32 = (value: number): Value => ({ kind: 'const', type: 'u32', lanes: 1, value })
export const bool = (value: boolean): Value => ({ kind: 'const', type: 'bool', lanes: 1, value: value ? 1 : 0 })

/** A constant of a given compute type. */
export const constant = (type: ComputeType, value: number): Value => ({ kind: 'const', type, lanes: 1, value })

/** One lane to many; a value that has them already is returned as it is. */
export function splat(a: Value, lanes: number): Value {
  if (a.lanes === lanes) return a
  if (a.lanes !== 1) throw new KernelTypeError('splat', 'one lane', `${a.lanes} lanes`)
  return { kind: 'splat', type: a.type, lanes, a }
}

function pair(where: string, a: Operand, b: Operand): [Value, Value] {
  const like = typeof a === 'number' ? (b as Value) : a
  if (typeof like === 'number') throw new KernelTypeError(where, 'a value among the operands', 'two numbers')
  const x = typeof a === 'number' ? constant(like.type, a) : a
  const y = typeof b === 'number' ? constant(like.type, b) : b
  if (x.type !== y.type) throw new KernelTypeError(where, 'operands of one type', `${x.type} and ${y.type}`)
  const lanes = Math.max(x.lanes, y.lanes)
  return [splat(x, lanes), splat(y, lanes)]
}

function unary(op: UnaryOp, a: Value): Value {
  return { kind: 'unary', op, type: a.type, lanes: a.lanes, a }
}

function binary(op: BinaryOp, a: Operand, b: Operand): Value {
  const [x, y] = pair(op, a, b)
  // Integer constants fold: address arithmetic is written naively and comes out small.
  if (x.type === 'i32' && x.lanes === 1) {
    if (x.kind === 'const' && y.kind === 'const') {
      if (op === 'add') return i32((x.value + y.value) | 0)
      if (op === 'sub') return i32((x.value - y.value) | 0)
      if (op === 'mul') return i32(Math.imul(x.value, y.value))
    }
    if (y.kind === 'const' && y.value === 0 && (op === 'add' || op === 'sub')) return x
    if (x.kind === 'const' && x.value === 0 && op === 'add') return y
    if (y.kind === 'const' && y.value === 1 && op === 'mul') return x
    if (x.kind === 'const' && x.value === 1 && op === 'mul') return y
  }
  return { kind: 'binary', op, type: x.type, lanes: x.lanes, a: x, b: y }
}

function compare(op: CompareOp, a: Operand, b: Operand): Value {
  const [x, y] = pair(op, a, b)
  return { kind: 'compare', op, type: 'bool', lanes: x.lanes, a: x, b: y }
}

export const neg = (a: Value): Value => unary('neg', a)
export const abs = (a: Value): Value => unary('abs', a)
export const sqrt = (a: Value): Value => unary('sqrt', a)
export const floor = (a: Value): Value => unary('floor', a)
export const ceil = (a: Value): Value => unary('ceil', a)
export const trunc = (a: Value): Value => unary('trunc', a)
export const roundEven = (a: Value): Value => unary('roundEven', a)
export const exp = (a: Value): Value => unary('exp', a)
export const log = (a: Value): Value => unary('log', a)
export const sin = (a: Value): Value => unary('sin', a)
export const cos = (a: Value): Value => unary('cos', a)
export const tanh = (a: Value): Value => unary('tanh', a)
export const erf = (a: Value): Value => unary('erf', a)
export const not = (a: Value): Value => unary('not', a)
export const bitNot = (a: Value): Value => unary('bitNot', a)

export const add = (a: Operand, b: Operand): Value => binary('add', a, b)
export const sub = (a: Operand, b: Operand): Value => binary('sub', a, b)
export const mul = (a: Operand, b: Operand): Value => binary('mul', a, b)
export const div = (a: Operand, b: Operand): Value => binary('div', a, b)
export const rem = (a: Operand, b: Operand): Value => binary('rem', a, b)
export const min = (a: Operand, b: Operand): Value => binary('min', a, b)
export const max = (a: Operand, b: Operand): Value => binary('max', a, b)
export const and = (a: Operand, b: Operand): Value => binary('and', a, b)
export const or = (a: Operand, b: Operand): Value => binary('or', a, b)
export const xor = (a: Operand, b: Operand): Value => binary('xor', a, b)
export const shl = (a: Operand, b: Operand): Value => binary('shl', a, b)
/** Arithmetic for i32, logical for u32. */
export const shr = (a: Operand, b: Operand): Value => binary('shr', a, b)

export const lt = (a: Operand, b: Operand): Value => compare('lt', a, b)
export const le = (a: Operand, b: Operand): Value => compare('le', a, b)
export const eq = (a: Operand, b: Operand): Value => compare('eq', a, b)
export const ne = (a: Operand, b: Operand): Value => compare('ne', a, b)
export const gt = (a: Operand, b: Operand): Value => compare('gt', a, b)
export const ge = (a: Operand, b: Operand): Value => compare('ge', a, b)

export function select(condition: Value, a: Operand, b: Operand): Value {
  const [x, y] = pair('select', a, b)
  const lanes = Math.max(condition.lanes, x.lanes)
  return {
    kind: 'select',
    type: x.type,
    lanes,
    condition: splat(condition, lanes),
    a: splat(x, lanes),
    b: splat(y, lanes),
  }
}

export function fma(a: Value, b: Value, c: Value): Value {
  const lanes = Math.max(a.lanes, b.lanes, c.lanes)
  return { kind: 'fma', type: 'f32', lanes, a: splat(a, lanes), b: splat(b, lanes), c: splat(c, lanes) }
}

export function convert(a: Value, type: ComputeType): Value {
  return a.type === type ? a : { kind: 'convert', type, lanes: a.lanes, a }
}

export function bitcast(a: Value, type: ComputeType): Value {
  return a.type === type ? a : { kind: 'bitcast', type, lanes: a.lanes, a }
}

export function extract(a: Value, lane: number): Value {
  return { kind: 'extract', type: a.type, lanes: 1, a, lane }
}

/** Over a value of one lane it is the value itself. */
export function reduceLanes(op: 'add' | 'max' | 'min', a: Value): Value {
  return a.lanes === 1 ? a : { kind: 'reduceLanes', op, type: a.type, lanes: 1, a }
}

export function load(buffer: BufferRef, index: Operand, lanes: number): Value {
  const at = typeof index === 'number' ? i32(index) : index
  return { kind: 'load', type: computeTypeOf(buffer.dtype), lanes, buffer, index: at }
}

/** Lanes picked from two vectors of one type: `order[i]` below the lane count is a lane of `a`, else one of `b`. */
export function shuffle(a: Value, b: Value, order: readonly number[]): Value {
  if (a.type !== b.type || a.lanes !== b.lanes || order.length !== a.lanes) {
    throw new KernelTypeError(
      'shuffle',
      'two vectors of one type and an order of as many lanes',
      `${a.type}x${a.lanes}, ${b.type}x${b.lanes} and ${order.length} numbers`,
    )
  }
  return { kind: 'shuffle', type: a.type, lanes: a.lanes, a, b, order }
}

/** `lanes` times 32 bits from a byte index of a uint8 buffer, as i32. Vectors only. */
export function loadPacked(buffer: BufferRef, index: Value, lanes: number): Value {
  if (buffer.dtype !== 'uint8') throw new KernelTypeError('loadPacked', 'a uint8 buffer', buffer.dtype)
  return { kind: 'loadPacked', type: 'i32', lanes, buffer, index }
}

/** Eight int8 from a byte index of a uint8 buffer as packed int16: two a lane. Vectors of four lanes only. */
export function loadWidened(buffer: BufferRef, index: Value): Value {
  if (buffer.dtype !== 'uint8') throw new KernelTypeError('loadWidened', 'a uint8 buffer', buffer.dtype)
  return { kind: 'loadWidened', type: 'i32', lanes: 4, buffer, index }
}

/** Packed int16 times packed int16, the two products of a lane added: i32. */
export const dotPacked = (a: Value, b: Value): Value => ({ kind: 'dotPacked', type: 'i32', lanes: a.lanes, a, b })

/** The result of a function; bind it with `KernelBuilder.let` if it is used twice. */
export function call(func: KernelFunction, args: readonly Value[]): Value {
  if (!func.result) throw new KernelTypeError(`call ${func.name}`, 'a function with a result', 'one without')
  return { kind: 'call', type: func.result.type, lanes: func.result.lanes, func, args }
}

/** Index of the running worker: for the choice of its own scratch memory, never for a result. */
export const worker = (): Value => ({ kind: 'worker', type: 'i32', lanes: 1 })
