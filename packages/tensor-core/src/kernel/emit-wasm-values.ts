// Over 400 lines because it holds one case for each kind of value, for one lane and for four.
// biome-ignore-all lint/correctness/noVoidTypeReturn: `return emit(...)` ends a case of a dispatch
// Over 400 lines: one function an expression kind, all behind one dispatch and its tables.
import type { ComputeType } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import { emitLoad, emitLoadPacked, emitLoadSplat, emitLoadWidened } from './emit-wasm-memory.js'
import { emitStatements } from './emit-wasm-statements.js'
import { isMathOp, mathFunction } from './math/math-function.js'
import type { BinaryOp, CompareOp, KernelFunction, UnaryOp, Value } from './value.js'
import { type FunctionCode, wasmTypeOf } from './wasm-function.js'
import { OP, type Opcode } from './wasm-opcodes.js'

const NUMBERS: readonly ComputeType[] = ['f32', 'i32', 'u32']
const INTEGERS: readonly ComputeType[] = ['i32', 'u32']
const FLOAT: readonly ComputeType[] = ['f32']
const BOOL: readonly ComputeType[] = ['bool']
const BITS: readonly ComputeType[] = ['i32', 'u32', 'bool']

type Kind = Value['kind']
type Of<K extends Kind> = Extract<Value, { kind: K }>

/** Pushes a value. */
export function emitValue(code: FunctionCode, value: Value): void {
  wasmTypeOf(`${code.where}: ${value.kind}`, value.type, value.lanes)
  switch (value.kind) {
    case 'const':
      return emitConst(code, value)
    case 'local':
      return code.get(code.placeForRead(value.local))
    case 'param':
      return code.get(code.paramPlace(value.index))
    case 'worker':
      return code.get(code.workerPlace)
    case 'load':
      return emitLoad(code, value.buffer, value.index, value.lanes)
    case 'loadPacked':
      return emitLoadPacked(code, value.buffer, value.index, value.lanes)
    case 'loadWidened':
      return emitLoadWidened(code, value.buffer, value.index)
    case 'dotPacked':
      code.expect('dotPacked', value.a, ['i32'], 4)
      code.expect('dotPacked', value.b, ['i32'], 4)
      emitValue(code, value.a)
      emitValue(code, value.b)
      return code.op(OP.i32x4DotI16x8S)
    case 'unary':
      return emitUnary(code, value)
    case 'binary':
      return emitBinary(code, value)
    case 'compare':
      return emitCompare(code, value)
    case 'select':
      return emitSelect(code, value)
    case 'fma':
      return emitFma(code, value)
    case 'convert':
      return emitConvert(code, value)
    case 'bitcast':
      return emitBitcast(code, value)
    case 'splat':
      return emitSplat(code, value)
    case 'extract':
      return emitExtract(code, value)
    case 'reduceLanes':
      return emitReduceLanes(code, value)
    case 'shuffle':
      return emitShuffle(code, value)
    case 'call':
      if (!value.func.result) throw new KernelTypeError(`${code.where}: ${value.func.name}`, 'a result', 'none')
      return emitCall(code, value.func, value.args)
  }
}

function emitConst(code: FunctionCode, { type, lanes, value }: Of<'const'>): void {
  if (lanes !== 1) throw new KernelTypeError(`${code.where}: const`, '1 lane', `${lanes}`, 'Use splat.')
  if (type === 'f32') code.f32Const(value)
  else code.i32Const(type === 'bool' ? Number(value !== 0) : value)
}

function emitSplat(code: FunctionCode, { type, lanes, a }: Of<'splat'>): void {
  code.expect('splat', a, [type], 1)
  if (lanes === 1) return emitValue(code, a)
  if (a.kind === 'load' && ['float32', 'int32', 'uint32'].includes(a.buffer.dtype)) {
    return emitLoadSplat(code, a.buffer, a.index)
  }
  if (a.kind === 'const' && type !== 'f32') {
    return code.i32x4Const(type === 'bool' ? (a.value ? -1 : 0) : a.value)
  }
  emitValue(code, a)
  if (type === 'bool') {
    // 0 or 1 becomes a mask.
    code.op(OP.i32x4Splat)
    code.op(OP.i32x4Neg)
  } else code.op(type === 'f32' ? OP.f32x4Splat : OP.i32x4Splat)
}

function emitExtract(code: FunctionCode, { type, a, lane }: Of<'extract'>): void {
  code.expect('extract', a, [type], a.lanes)
  if (!Number.isInteger(lane) || lane < 0 || lane >= a.lanes) {
    throw new KernelTypeError(`${code.where}: extract`, `a lane below ${a.lanes}`, `${lane}`)
  }
  emitValue(code, a)
  if (a.lanes === 1) return
  code.lane(type === 'f32' ? OP.f32x4ExtractLane : OP.i32x4ExtractLane, lane)
  if (type === 'bool') {
    code.i32Const(1)
    code.op(OP.i32And)
  }
}

const FLOAT_UNARY: { readonly [O in UnaryOp]?: readonly [scalar: Opcode, vector: Opcode] } = {
  neg: [OP.f32Neg, OP.f32x4Neg],
  abs: [OP.f32Abs, OP.f32x4Abs],
  sqrt: [OP.f32Sqrt, OP.f32x4Sqrt],
  floor: [OP.f32Floor, OP.f32x4Floor],
  ceil: [OP.f32Ceil, OP.f32x4Ceil],
  trunc: [OP.f32Trunc, OP.f32x4Trunc],
  roundEven: [OP.f32Nearest, OP.f32x4Nearest],
}

function emitUnary(code: FunctionCode, { op, type, lanes, a }: Of<'unary'>): void {
  code.expect(op, a, [type], lanes)
  const vector = lanes === 4
  if (op === 'not') {
    code.expect(op, a, BOOL, lanes)
    emitValue(code, a)
    return code.op(vector ? OP.v128Not : OP.i32Eqz)
  }
  if (op === 'bitNot') {
    code.expect(op, a, INTEGERS, lanes)
    emitValue(code, a)
    if (vector) return code.op(OP.v128Not)
    code.i32Const(-1)
    return code.op(OP.i32Xor)
  }
  if (isMathOp(op)) {
    code.expect(op, a, FLOAT, lanes)
    return emitCall(code, mathFunction(op, lanes), [a])
  }
  if (type === 'f32') {
    const opcodes = FLOAT_UNARY[op] as readonly [Opcode, Opcode]
    emitValue(code, a)
    return code.op(opcodes[vector ? 1 : 0])
  }
  code.expect(op, a, op === 'neg' || op === 'abs' ? INTEGERS : FLOAT, lanes)
  if (op === 'abs' && type === 'u32') return emitValue(code, a)
  if (vector) {
    emitValue(code, a)
    return code.op(op === 'neg' ? OP.i32x4Neg : OP.i32x4Abs)
  }
  if (op === 'neg') {
    code.i32Const(0)
    emitValue(code, a)
    return code.op(OP.i32Sub)
  }
  code.withTemp('i32', (x) => {
    code.i32Const(0)
    emitValue(code, a)
    code.tee(x)
    code.op(OP.i32Sub)
    code.get(x)
    code.get(x)
    code.i32Const(0)
    code.op(OP.i32LtS)
    code.op(OP.select)
  })
}

/** Scalar and vector opcodes by type; integer division and vector shifts are handled apart. */
const BINARY: { readonly [O in BinaryOp]?: { readonly [T in ComputeType]?: readonly [Opcode | null, Opcode] } } = {
  add: { f32: [OP.f32Add, OP.f32x4Add], i32: [OP.i32Add, OP.i32x4Add], u32: [OP.i32Add, OP.i32x4Add] },
  sub: { f32: [OP.f32Sub, OP.f32x4Sub], i32: [OP.i32Sub, OP.i32x4Sub], u32: [OP.i32Sub, OP.i32x4Sub] },
  mul: { f32: [OP.f32Mul, OP.f32x4Mul], i32: [OP.i32Mul, OP.i32x4Mul], u32: [OP.i32Mul, OP.i32x4Mul] },
  div: { f32: [OP.f32Div, OP.f32x4Div] },
  min: { f32: [OP.f32Min, OP.f32x4Min], i32: [null, OP.i32x4MinS], u32: [null, OP.i32x4MinU] },
  max: { f32: [OP.f32Max, OP.f32x4Max], i32: [null, OP.i32x4MaxS], u32: [null, OP.i32x4MaxU] },
  and: { i32: [OP.i32And, OP.v128And], u32: [OP.i32And, OP.v128And], bool: [OP.i32And, OP.v128And] },
  or: { i32: [OP.i32Or, OP.v128Or], u32: [OP.i32Or, OP.v128Or], bool: [OP.i32Or, OP.v128Or] },
  xor: { i32: [OP.i32Xor, OP.v128Xor], u32: [OP.i32Xor, OP.v128Xor], bool: [OP.i32Xor, OP.v128Xor] },
  shl: { i32: [OP.i32Shl, OP.i32x4Shl], u32: [OP.i32Shl, OP.i32x4Shl] },
  shr: { i32: [OP.i32ShrS, OP.i32x4ShrS], u32: [OP.i32ShrU, OP.i32x4ShrU] },
}

function emitBinary(code: FunctionCode, value: Of<'binary'>): void {
  const { op, type, lanes, a, b } = value
  code.expect(op, a, [type], lanes)
  code.expect(op, b, [type], lanes)
  if ((op === 'div' && type !== 'f32') || op === 'rem') {
    code.expect(op, a, INTEGERS, lanes)
    if (lanes === 1) {
      emitValue(code, a)
      emitValue(code, b)
      return divideScalars(code, op, type, b.kind === 'const' ? b.value : null)
    }
    return laneByLane(code, a, b, () => divideScalars(code, op, type, null))
  }
  const opcodes = BINARY[op]?.[type]
  if (!opcodes) {
    const types = op === 'and' || op === 'or' || op === 'xor' ? BITS : op === 'shl' || op === 'shr' ? INTEGERS : NUMBERS
    return code.expect(op, a, types, lanes)
  }
  const [scalar, vector] = opcodes
  if (lanes === 1 && scalar === null) {
    // i32 and u32 minimum and maximum.
    const less = type === 'i32' ? OP.i32LtS : OP.i32LtU
    const greater = type === 'i32' ? OP.i32GtS : OP.i32GtU
    return code.withTemp('i32', (y) => {
      emitValue(code, b)
      code.set(y)
      code.withTemp('i32', (x) => {
        emitValue(code, a)
        code.tee(x)
        code.get(y)
        code.get(x)
        code.get(y)
        code.op(op === 'min' ? less : greater)
        code.op(OP.select)
      })
    })
  }
  if (lanes === 4 && (op === 'shl' || op === 'shr')) {
    // One count for all lanes is an instruction; counts of their own are not.
    if (b.kind !== 'splat') return laneByLane(code, a, b, () => code.op(scalar as Opcode))
    emitValue(code, a)
    emitValue(code, b.a)
    return code.op(vector)
  }
  emitValue(code, a)
  emitValue(code, b)
  code.op(lanes === 4 ? vector : (scalar as Opcode))
}

/** Divides two scalars on the stack: by zero gives 0, and nothing traps. */
function divideScalars(code: FunctionCode, op: 'div' | 'rem', type: ComputeType, divisor: number | null): void {
  const signed = type === 'i32'
  const opcode = op === 'div' ? (signed ? OP.i32DivS : OP.i32DivU) : signed ? OP.i32RemS : OP.i32RemU
  if (divisor !== null && divisor !== 0 && divisor !== -1) return code.op(opcode)
  code.withTemp('i32', (y) =>
    code.withTemp('i32', (x) => {
      code.set(y)
      code.set(x)
      code.get(y)
      if (signed) {
        // Divisors 0 and -1: the quotient is x * y (0, and -x wrapping), the remainder 0.
        code.i32Const(1)
        code.op(OP.i32Add)
        code.i32Const(2)
        code.op(OP.i32LtU)
      } else code.op(OP.i32Eqz)
      code.open(OP.if, 'i32')
      if (signed && op === 'div') {
        code.get(x)
        code.get(y)
        code.op(OP.i32Mul)
      } else code.i32Const(0)
      code.op(OP.else)
      code.get(x)
      code.get(y)
      code.op(opcode)
      code.end()
    }),
  )
}

/** An integer operation that wasm has for scalars only. */
function laneByLane(code: FunctionCode, a: Value, b: Value, combine: () => void): void {
  code.withTemp('v128', (y) => {
    emitValue(code, b)
    code.set(y)
    code.withTemp('v128', (x) => {
      emitValue(code, a)
      code.set(x)
      for (let lane = 0; lane < 4; lane++) {
        code.get(x)
        code.lane(OP.i32x4ExtractLane, lane)
        code.get(y)
        code.lane(OP.i32x4ExtractLane, lane)
        combine()
        if (lane === 0) code.op(OP.i32x4Splat)
        else code.lane(OP.i32x4ReplaceLane, lane)
      }
    })
  })
}

type CompareTable = { readonly [O in CompareOp]: readonly [scalar: Opcode, vector: Opcode] }
const COMPARE: { readonly [T in 'f32' | 'i32' | 'u32']: CompareTable } = {
  f32: {
    lt: [OP.f32Lt, OP.f32x4Lt],
    le: [OP.f32Le, OP.f32x4Le],
    eq: [OP.f32Eq, OP.f32x4Eq],
    ne: [OP.f32Ne, OP.f32x4Ne],
    gt: [OP.f32Gt, OP.f32x4Gt],
    ge: [OP.f32Ge, OP.f32x4Ge],
  },
  i32: {
    lt: [OP.i32LtS, OP.i32x4LtS],
    le: [OP.i32LeS, OP.i32x4LeS],
    eq: [OP.i32Eq, OP.i32x4Eq],
    ne: [OP.i32Ne, OP.i32x4Ne],
    gt: [OP.i32GtS, OP.i32x4GtS],
    ge: [OP.i32GeS, OP.i32x4GeS],
  },
  u32: {
    lt: [OP.i32LtU, OP.i32x4LtU],
    le: [OP.i32LeU, OP.i32x4LeU],
    eq: [OP.i32Eq, OP.i32x4Eq],
    ne: [OP.i32Ne, OP.i32x4Ne],
    gt: [OP.i32GtU, OP.i32x4GtU],
    ge: [OP.i32GeU, OP.i32x4GeU],
  },
}

function emitCompare(code: FunctionCode, { op, lanes, a, b }: Of<'compare'>): void {
  code.expect(op, a, op === 'eq' || op === 'ne' ? [...NUMBERS, 'bool'] : NUMBERS, lanes)
  code.expect(op, b, [a.type], lanes)
  emitValue(code, a)
  emitValue(code, b)
  code.op(COMPARE[a.type === 'bool' ? 'u32' : a.type][op][lanes === 4 ? 1 : 0])
}

function emitSelect(code: FunctionCode, { type, lanes, condition, a, b }: Of<'select'>): void {
  code.expect('select', condition, BOOL, lanes)
  code.expect('select', a, [type], lanes)
  code.expect('select', b, [type], lanes)
  emitValue(code, a)
  emitValue(code, b)
  emitValue(code, condition)
  code.op(lanes === 4 ? OP.v128Bitselect : OP.select)
}

function emitFma(code: FunctionCode, { lanes, a, b, c }: Of<'fma'>): void {
  const operands = [a, b, c]
  for (const operand of operands) code.expect('fma', operand, FLOAT, lanes)
  const { relaxedSimd } = code.surroundings
  for (const [i, operand] of operands.entries()) {
    emitValue(code, operand)
    if (relaxedSimd) {
      // There is no scalar one; through a vector, an element's bits do not depend on its place in a row.
      if (lanes === 1) code.op(OP.f32x4Splat)
    } else if (i === 1) code.op(lanes === 4 ? OP.f32x4Mul : OP.f32Mul)
  }
  if (!relaxedSimd) return code.op(lanes === 4 ? OP.f32x4Add : OP.f32Add)
  code.op(OP.f32x4RelaxedMadd)
  if (lanes === 1) code.lane(OP.f32x4ExtractLane, 0)
}

function emitConvert(code: FunctionCode, { type, lanes, a }: Of<'convert'>): void {
  code.expect('convert', a, [...NUMBERS, 'bool'], lanes)
  emitValue(code, a)
  const vector = lanes === 4
  if (a.type === type) return
  if (type === 'bool') {
    if (vector) code.i32x4Const(0)
    else if (a.type === 'f32') code.f32Const(0)
    else code.i32Const(0)
    return code.op(COMPARE[a.type as 'f32' | 'i32' | 'u32'].ne[vector ? 1 : 0])
  }
  if (a.type === 'bool') {
    if (vector) {
      code.i32x4Const(type === 'f32' ? 0x3f800000 : 1)
      code.op(OP.v128And)
    } else if (type === 'f32') code.op(OP.f32ConvertI32U)
    return
  }
  if (type === 'f32') {
    const signed = a.type === 'i32'
    if (vector) code.op(signed ? OP.f32x4ConvertI32x4S : OP.f32x4ConvertI32x4U)
    else code.op(signed ? OP.f32ConvertI32S : OP.f32ConvertI32U)
  } else if (a.type === 'f32') {
    const signed = type === 'i32'
    if (vector) code.op(signed ? OP.i32x4TruncSatF32x4S : OP.i32x4TruncSatF32x4U)
    else code.op(signed ? OP.i32TruncSatF32S : OP.i32TruncSatF32U)
  }
}

function emitBitcast(code: FunctionCode, { type, lanes, a }: Of<'bitcast'>): void {
  code.expect('bitcast', a, NUMBERS, lanes)
  if (type === 'bool') throw new KernelTypeError(`${code.where}: bitcast`, 'f32, i32 or u32', 'bool')
  emitValue(code, a)
  if (lanes === 4 || (a.type === 'f32') === (type === 'f32')) return
  code.op(type === 'f32' ? OP.f32ReinterpretI32 : OP.i32ReinterpretF32)
}

/** Lanes 0 and 1 with 2 and 3, then the two that are left. */
function emitReduceLanes(code: FunctionCode, { op, type, a }: Of<'reduceLanes'>): void {
  code.expect(`reduceLanes ${op}`, a, [type], 4)
  const opcodes = BINARY[op]?.[type]
  if (!opcodes) return code.expect(`reduceLanes ${op}`, a, NUMBERS, 4)
  code.withTemp('v128', (x) => {
    emitValue(code, a)
    for (const order of [
      [2, 3, 2, 3],
      [1, 1, 1, 1],
    ]) {
      code.tee(x)
      code.get(x)
      code.get(x)
      code.shuffle(laneBytes(order))
      code.op(opcodes[1])
    }
    code.lane(type === 'f32' ? OP.f32x4ExtractLane : OP.i32x4ExtractLane, 0)
  })
}

const laneBytes = (order: readonly number[]): number[] => order.flatMap((lane) => [0, 1, 2, 3].map((b) => lane * 4 + b))

function emitShuffle(code: FunctionCode, { type, lanes, a, b, order }: Of<'shuffle'>): void {
  code.expect('shuffle', a, [type], 4)
  code.expect('shuffle', b, [type], 4)
  if (lanes !== 4 || order.length !== 4 || order.some((lane) => !Number.isInteger(lane) || lane < 0 || lane > 7)) {
    throw new KernelTypeError(`${code.where}: shuffle`, 'four lanes below 8', `[${order.join(', ')}]`)
  }
  emitValue(code, a)
  emitValue(code, b)
  code.shuffle(laneBytes(order))
}

/** Calls a function, or expands it in place: then its parameters and locals become locals of the caller. */
export function emitCall(code: FunctionCode, func: KernelFunction, args: readonly Value[]): void {
  if (args.length !== func.params.length) {
    throw new KernelTypeError(`${code.where}: ${func.name}`, `${func.params.length} arguments`, `${args.length}`)
  }
  for (const [i, param] of func.params.entries()) {
    const arg = args[i] as Value
    code.expect(`${func.name}: ${param.name}`, arg, [param.type], param.lanes)
    emitValue(code, arg)
  }
  if (func.form === 'call') {
    code.surroundings.pushHidden(code, func)
    code.op(OP.call)
    return code.u32(code.surroundings.functionIndex(func))
  }
  // All arguments are on the stack before the first parameter is set: f(f(x)) may use the same locals.
  for (const param of func.params.toReversed()) code.set(code.placeForWrite(param))
  emitStatements(code, func.body)
  if (func.result) emitValue(code, func.result)
}
