/** WebAssembly's binary format, as much of it as a kernel module has: types, one imported memory, functions, one export. */

export type WasmType = 'i32' | 'f32' | 'v128'

const TYPE_BYTE: { readonly [T in WasmType]: number } = { i32: 0x7f, f32: 0x7d, v128: 0x7b }

export const typeByte = (type: WasmType): number => TYPE_BYTE[type]

/** The block type of a block without parameters and results. */
export const EMPTY_BLOCK = 0x40

export interface WasmSignature {
  readonly params: readonly WasmType[]
  readonly result: WasmType | null
}

export interface WasmFunction extends WasmSignature {
  /** Locals beside the parameters, in index order. */
  readonly locals: readonly WasmType[]
  /** Instructions, without the final `end`. */
  readonly code: readonly number[]
}

export interface WasmModule {
  readonly memory: {
    readonly module: string
    readonly name: string
    readonly shared: boolean
    readonly maximum: number
  }
  readonly functions: readonly WasmFunction[]
  /** Export name -> function index. */
  readonly exports: Readonly<Record<string, number>>
}

/** Unsigned LEB128. */
export function pushU32(bytes: number[], value: number): void {
  let rest = value >>> 0
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
}

/** Signed LEB128. */
export function pushS32(bytes: number[], value: number): void {
  let rest = value | 0
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) {
      bytes.push(low)
      return
    }
    bytes.push(low | 0x80)
  }
}

const scratch = new DataView(new ArrayBuffer(4))

/** The four bytes of a float32. */
export function pushF32(bytes: number[], value: number): void {
  scratch.setFloat32(0, value, true)
  for (let i = 0; i < 4; i++) bytes.push(scratch.getUint8(i))
}

function pushName(bytes: number[], name: string): void {
  const utf8 = new TextEncoder().encode(name)
  pushU32(bytes, utf8.length)
  bytes.push(...utf8)
}

function section(id: number, content: readonly number[]): number[] {
  const bytes = [id]
  pushU32(bytes, content.length)
  // Not `push(...content)`: a large kernel would overflow the stack.
  return bytes.concat(content)
}

function vector(items: readonly (readonly number[])[]): number[] {
  const bytes: number[] = []
  pushU32(bytes, items.length)
  return bytes.concat(...items)
}

export function encodeModule(module: WasmModule): Uint8Array {
  const types: string[] = []
  const typeItems: number[][] = []
  const typeIndex = ({ params, result }: WasmSignature): number => {
    const key = `${params.join()}>${result}`
    if (!types.includes(key)) {
      types.push(key)
      const item = [0x60]
      pushU32(item, params.length)
      item.push(...params.map(typeByte))
      item.push(...(result ? [1, typeByte(result)] : [0]))
      typeItems.push(item)
    }
    return types.indexOf(key)
  }

  const functionItems = module.functions.map((f) => {
    const item: number[] = []
    pushU32(item, typeIndex(f))
    return item
  })

  const memory: number[] = []
  pushName(memory, module.memory.module)
  pushName(memory, module.memory.name)
  // Import kind 2 is a memory; the limits' flags: 1 has a maximum, 2 shared.
  memory.push(0x02, module.memory.shared ? 0x03 : 0x01)
  pushU32(memory, 1)
  pushU32(memory, module.memory.maximum)

  const exportItems = Object.entries(module.exports).map(([name, index]) => {
    const item: number[] = []
    pushName(item, name)
    item.push(0x00)
    pushU32(item, index)
    return item
  })

  const codeItems = module.functions.map((f) => {
    const body: number[] = []
    const groups: { type: WasmType; count: number }[] = []
    for (const type of f.locals) {
      const last = groups.at(-1)
      if (last?.type === type) last.count++
      else groups.push({ type, count: 1 })
    }
    pushU32(body, groups.length)
    for (const { type, count } of groups) {
      pushU32(body, count)
      body.push(typeByte(type))
    }
    const whole = body.concat(f.code, 0x0b)
    const item: number[] = []
    pushU32(item, whole.length)
    return item.concat(whole)
  })

  return Uint8Array.from(
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].concat(
      section(1, vector(typeItems)),
      section(2, vector([memory])),
      section(3, vector(functionItems)),
      section(7, vector(exportItems)),
      section(10, vector(codeItems)),
    ),
  )
}
