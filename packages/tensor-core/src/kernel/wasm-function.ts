import type { ComputeType } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import type { BufferRef, KernelFunction, Local, Value } from './value.js'
import { EMPTY_BLOCK, pushF32, pushS32, pushU32, typeByte, type WasmType } from './wasm-encoder.js'
import { OP, type Opcode } from './wasm-opcodes.js'

/** The wasm type of a value: vectors are v128, masks of four bools too; a scalar bool is an i32 of 0 or 1. */
export function wasmTypeOf(where: string, type: ComputeType, lanes: number): WasmType {
  if (lanes === 4) return 'v128'
  if (lanes !== 1) throw new KernelTypeError(where, '1 or 4 lanes', `${lanes}`)
  return type === 'f32' ? 'f32' : 'i32'
}

/** What the kernel around a function supplies to it. */
export interface FunctionSurroundings {
  readonly relaxedSimd: boolean
  /** Index of the wasm function that a kernel function became. */
  functionIndex(func: KernelFunction): number
  /** Pushes a function's hidden arguments, after its declared ones. */
  pushHidden(code: FunctionCode, func: KernelFunction): void
}

/** The code of one wasm function while it is written: bytes, locals, scratch locals. */
export class FunctionCode {
  readonly bytes: number[] = []
  /** Types of the locals after the parameters. */
  readonly locals: WasmType[] = []
  private readonly places = new Map<Local, number>()
  private readonly free: { [T in WasmType]: number[] } = { i32: [], f32: [], v128: [] }
  /** Wasm locals that hold buffers' addresses and the kernel's parameters. */
  readonly bufferPlaces = new Map<number, number>()
  readonly paramPlaces = new Map<number, number>()
  workerPlace = -1

  constructor(
    readonly where: string,
    private readonly paramCount: number,
    readonly surroundings: FunctionSurroundings,
  ) {}

  op(opcode: Opcode): void {
    if (opcode < 0x100) this.bytes.push(opcode)
    else {
      this.bytes.push(opcode >>> 16)
      pushU32(this.bytes, opcode & 0xffff)
    }
  }
  byte(value: number): void {
    this.bytes.push(value)
  }
  u32(value: number): void {
    pushU32(this.bytes, value)
  }
  i32Const(value: number): void {
    this.op(OP.i32Const)
    pushS32(this.bytes, value)
  }
  f32Const(value: number): void {
    this.op(OP.f32Const)
    pushF32(this.bytes, value)
  }
  /** Four times one 32-bit pattern. */
  i32x4Const(value: number): void {
    this.op(OP.v128Const)
    for (let lane = 0; lane < 4; lane++) {
      for (let shift = 0; shift < 32; shift += 8) this.bytes.push((value >>> shift) & 0xff)
    }
  }
  get(local: number): void {
    this.op(OP.localGet)
    this.u32(local)
  }
  set(local: number): void {
    this.op(OP.localSet)
    this.u32(local)
  }
  tee(local: number): void {
    this.op(OP.localTee)
    this.u32(local)
  }
  lane(opcode: Opcode, lane: number): void {
    this.op(opcode)
    this.byte(lane)
  }
  shuffle(bytes: readonly number[]): void {
    this.op(OP.i8x16Shuffle)
    this.bytes.push(...bytes)
  }
  /** block, loop or if. */
  open(opcode: typeof OP.block | typeof OP.loop | typeof OP.if, result: WasmType | null = null): void {
    this.op(opcode)
    this.byte(result ? typeByte(result) : EMPTY_BLOCK)
  }
  branchIf(depth: number): void {
    this.op(OP.brIf)
    this.u32(depth)
  }
  end(): void {
    this.op(OP.end)
  }

  newLocal(type: WasmType): number {
    this.locals.push(type)
    return this.paramCount + this.locals.length - 1
  }
  /** A scratch local; `use` may not keep it. */
  withTemp(type: WasmType, use: (local: number) => void): void {
    const local = this.free[type].pop() ?? this.newLocal(type)
    use(local)
    this.free[type].push(local)
  }

  /** The wasm local of a kernel local that is written now; made on the first write. */
  placeForWrite(local: Local): number {
    let place = this.places.get(local)
    if (place === undefined) {
      place = this.newLocal(wasmTypeOf(`${this.where}: ${local.name}`, local.type, local.lanes))
      this.places.set(local, place)
    }
    return place
  }
  placeForRead(local: Local): number {
    const place = this.places.get(local)
    if (place === undefined) {
      throw new KernelTypeError(
        `${this.where}: ${local.name}`,
        'a local of this function, set before it is read',
        'one that is not',
        'Pass it to the function as a parameter.',
      )
    }
    return place
  }
  bindParameter(local: Local, place: number): void {
    this.places.set(local, place)
  }
  bufferPlace(buffer: BufferRef): number {
    const place = this.bufferPlaces.get(buffer.index)
    if (place === undefined) {
      throw new KernelTypeError(`${this.where}: ${buffer.name}`, 'a buffer of this kernel', 'one of another kernel')
    }
    return place
  }
  paramPlace(index: number): number {
    const place = this.paramPlaces.get(index)
    if (place === undefined) {
      throw new KernelTypeError(`${this.where}: parameter ${index}`, 'a parameter of this kernel', 'one of another')
    }
    return place
  }

  /** Throws unless a value has the type and lanes that its place needs. */
  expect(what: string, value: Value, types: readonly ComputeType[], lanes: number): void {
    if (types.includes(value.type) && value.lanes === lanes) return
    throw new KernelTypeError(
      `${this.where}: ${what}`,
      `${types.join(' or ')} x ${lanes}`,
      `${value.type} x ${value.lanes} (${value.kind})`,
    )
  }
}
