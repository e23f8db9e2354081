/**
 * As much of WebAssembly's binary format as the module of hash functions needs: one memory of its own, functions, all of them
 * exported. Source: WebAssembly Core Specification 2.0, chapter 5, https://www.w3.org/TR/wasm-core-2/.
 */
export type WasmType = 'i32' | 'i64' | 'v128'

const TYPE_BYTE: { readonly [T in WasmType]: number } = { i32: 0x7f, i64: 0x7e, v128: 0x7b }
const EMPTY_BLOCK = 0x40
/** Vector instructions have a prefix byte; here it stands above the instruction's own number. */
const SIMD = 0xfd0000

/** Instructions by the specification's names. */
export const OP = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i64Load: 0x29,
  i32Load8U: 0x2d,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eq: 0x46,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i32LeU: 0x4d,
  i32GeU: 0x4f,
  i64LtU: 0x54,
  i64GeU: 0x5a,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
  v128Load: SIMD | 0x00,
  v128Store: SIMD | 0x0b,
  v128Const: SIMD | 0x0c,
  i8x16Shuffle: SIMD | 0x0d,
  i8x16Splat: SIMD | 0x0f,
  i32x4Splat: SIMD | 0x11,
  i32x4ExtractLane: SIMD | 0x1b,
  i32x4ReplaceLane: SIMD | 0x1c,
  i8x16Eq: SIMD | 0x23,
  i8x16LtS: SIMD | 0x25,
  i32x4Eq: SIMD | 0x37,
  i32x4GtS: SIMD | 0x3b,
  v128And: SIMD | 0x4e,
  v128Or: SIMD | 0x50,
  v128Xor: SIMD | 0x51,
  v128Bitselect: SIMD | 0x52,
  i32x4Shl: SIMD | 0xab,
  i32x4ShrU: SIMD | 0xad,
  i32x4Add: SIMD | 0xae,
  i32x4Sub: SIMD | 0xb1,
  i32x4MinS: SIMD | 0xb6,
  i32x4MaxS: SIMD | 0xb8,
} as const

export type Opcode = (typeof OP)[keyof typeof OP]

export interface WasmFunction {
  readonly params: readonly WasmType[]
  readonly result: WasmType | null
  readonly locals: readonly WasmType[]
  readonly code: readonly number[]
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value >>> 0
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}

/** Signed LEB128. BigInt, since 64-bit constants are written too; this runs once, when the module is made. */
function signed(value: bigint): number[] {
  const bytes: number[] = []
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    if ((rest === 0n && !(low & 0x40)) || (rest === -1n && low & 0x40)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

/** One function's code while it is written. A local is its number. */
export class FunctionCode {
  private readonly bytes: number[] = []
  private readonly locals: WasmType[] = []

  constructor(
    private readonly params: readonly WasmType[],
    private readonly result: WasmType | null = null,
  ) {}

  local(type: WasmType): number {
    this.locals.push(type)
    return this.params.length + this.locals.length - 1
  }
  op(...opcodes: readonly Opcode[]): this {
    for (const opcode of opcodes) {
      if (opcode < 0x100) this.bytes.push(opcode)
      else this.bytes.push(opcode >>> 16, ...unsigned(opcode & 0xffff))
    }
    return this
  }
  get(...locals: readonly number[]): this {
    for (const local of locals) this.op(OP.localGet).bytes.push(...unsigned(local))
    return this
  }
  set(local: number): this {
    this.op(OP.localSet).bytes.push(...unsigned(local))
    return this
  }
  tee(local: number): this {
    this.op(OP.localTee).bytes.push(...unsigned(local))
    return this
  }
  i32(value: number): this {
    this.op(OP.i32Const).bytes.push(...signed(BigInt(value | 0)))
    return this
  }
  i64(value: bigint): this {
    this.op(OP.i64Const).bytes.push(...signed(BigInt.asIntN(64, value)))
    return this
  }
  v128(bytes: ArrayLike<number>): this {
    this.op(OP.v128Const).bytes.push(...Array.from(bytes))
    return this
  }
  /** Four times one 32-bit pattern. */
  i32x4(value: number): this {
    return this.v128(new Uint8Array(Uint32Array.of(value, value, value, value).buffer))
  }
  /** A load or store, unaligned, at a constant distance from the address on the stack. */
  memory(opcode: Opcode, offset = 0): this {
    this.op(opcode).bytes.push(0, ...unsigned(offset))
    return this
  }
  lane(opcode: Opcode, lane: number): this {
    this.op(opcode).bytes.push(lane)
    return this
  }
  /** Of the 32 bytes of two vectors, the 16 of these numbers. */
  shuffle(bytes: readonly number[]): this {
    this.op(OP.i8x16Shuffle).bytes.push(...bytes)
    return this
  }
  call(index: number): this {
    this.op(OP.call).bytes.push(...unsigned(index))
    return this
  }
  /** Runs the body again while it leaves a true value on the stack. */
  loopWhile(body: () => void): this {
    this.op(OP.loop).bytes.push(EMPTY_BLOCK)
    body()
    this.op(OP.brIf).bytes.push(0)
    return this.op(OP.end)
  }
  /** Runs the body if the value on the stack is true. */
  when(body: () => void): this {
    this.op(OP.if).bytes.push(EMPTY_BLOCK)
    body()
    return this.op(OP.end)
  }
  finish(): WasmFunction {
    return { params: this.params, result: this.result, locals: this.locals, code: this.bytes }
  }
}

const vector = (items: readonly (readonly number[])[]): number[] => unsigned(items.length).concat(...items)
const section = (id: number, content: readonly number[]): number[] => [id].concat(unsigned(content.length), content)
const name = (text: string): number[] => {
  const utf8 = new TextEncoder().encode(text)
  return [...unsigned(utf8.length), ...utf8]
}

/** The module's bytes; its memory, of `pages` times 64 KiB at first, is exported as `memory`. */
export function assembleModule(
  functions: Readonly<Record<string, WasmFunction>>,
  pages: number,
): Uint8Array<ArrayBuffer> {
  const all = Object.entries(functions)
  const types = (list: readonly WasmType[]) => vector(list.map((type) => [TYPE_BYTE[type]]))
  const code = ({ locals, code }: WasmFunction) => {
    const body = vector(locals.map((type) => [1, TYPE_BYTE[type]])).concat(code, OP.end)
    return unsigned(body.length).concat(body)
  }
  return Uint8Array.from(
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].concat(
      section(1, vector(all.map(([, f]) => [0x60].concat(types(f.params), types(f.result ? [f.result] : []))))),
      section(3, vector(all.map((_, index) => unsigned(index)))),
      section(5, vector([[0x00].concat(unsigned(pages))])),
      section(
        7,
        vector([
          ...all.map(([exported], index) => name(exported).concat(0x00, unsigned(index))),
          name('memory').concat(0x02, 0x00),
        ]),
      ),
      section(10, vector(all.map(([, f]) => code(f)))),
    ),
  )
}
