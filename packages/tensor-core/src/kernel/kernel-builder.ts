import type { ComputeType, ScalarDType, StoredDType } from '../dtype.js'
import type { Operand } from './expressions.js'
import * as v from './expressions.js'
import type { BufferRef, KernelCode, KernelFunction, Local, Statement, Value } from './value.js'

/** What the builder needs to know of the machine that will run the kernel. */
export interface KernelTarget {
  readonly name: 'wasm' | 'webgpu'
  /** Lanes of a vector of 32-bit elements: 4 on wasm; 1 where vectors bring nothing. */
  readonly vectorLanes: number
  /** Narrow dtypes that it moves as bits of their width (`bits8`, `bits16`), so that they are one kernel. Default: none. */
  readonly movesBits?: ReadonlySet<ScalarDType>
}

export type { Operand }

/** Collects a kernel's statements. Loops and branches take a function that adds the statements of their body. */
export interface KernelBuilder {
  readonly target: KernelTarget
  buffer(name: string, dtype: StoredDType, access: BufferRef['access']): BufferRef
  /** The same buffer under another dtype: indices then count elements of that dtype. */
  reinterpret(buffer: BufferRef, dtype: StoredDType): BufferRef
  /** A 32-bit integer parameter, in order of declaration. */
  param(name: string): Value
  /** A float parameter (stored as the bits of an f32). */
  paramF32(name: string): Value
  /** Binds a value to a name, so that it is evaluated once, here. */
  let(value: Value, name?: string): Value
  variable(initial: Value, name?: string): Variable
  load(buffer: BufferRef, index: Operand): Value
  /** `target.vectorLanes` consecutive elements. */
  loadVector(buffer: BufferRef, index: Operand): Value
  /** Stores a value (of one lane or of many) at an element index, converted to the buffer's dtype. */
  store(buffer: BufferRef, index: Operand, value: Value): void
  for(start: Operand, end: Operand, body: (i: Value) => void, step?: Operand): void
  while(condition: () => Value, body: () => void): void
  if(condition: Value, then: () => void, otherwise?: () => void): void
  /** body(begin, end) over 0..count in ranges; the kernel's only parallel statement. */
  parallelRange(count: Operand, grain: number, body: (begin: Value, end: Value) => void): void
  /** body(i) for every i in 0..count, in parallel. */
  parallel(count: Operand, body: (i: Value) => void): void
  /** for i in begin..end in steps of the vector width, then the rest one by one. `lanes` says which of the two. */
  forVector(begin: Operand, end: Operand, body: (i: Value, lanes: number) => void): void
  /**
   * A function of the kernel: `body` gets the parameters' values and returns the result, if there is one. Functions are
   * compiled on their own, so an inner loop in one keeps its registers whatever surrounds its call.
   */
  func(
    name: string,
    params: readonly FunctionParam[],
    body: (...args: Value[]) => Value | undefined,
    form?: KernelFunction['form'],
  ): KernelFunction
  /** Calls a function for what it stores. */
  call(func: KernelFunction, args: readonly Operand[]): void
}

export interface FunctionParam {
  readonly name: string
  readonly type: ComputeType
  /** Default: 1. */
  readonly lanes?: number
}

/** A mutable local: reads are values, `set` assigns. */
export interface Variable {
  readonly local: Local
  get(): Value
  set(value: Value): void
}

/** Runs `build` on a fresh builder and returns the finished kernel. */
export function buildKernel(name: string, target: KernelTarget, build: (k: KernelBuilder) => void): KernelCode {
  const { k, buffers, params, functions, body, localCount } = createBuilder(target)
  build(k)
  return { name, buffers, params, functions, body, localCount: localCount() }
}

/** A function outside any kernel, for expressions that several kernels share (see `kernel/math`). */
export function buildFunction(
  name: string,
  params: readonly FunctionParam[],
  build: (k: KernelBuilder, ...args: Value[]) => Value,
): KernelFunction {
  const { k } = createBuilder({ name: 'wasm', vectorLanes: 4 })
  return k.func(name, params, (...args) => build(k, ...args), 'inline')
}

function createBuilder(target: KernelTarget) {
  const buffers: BufferRef[] = []
  const params: string[] = []
  const functions: KernelFunction[] = []
  const mutable = new Set<Local>()
  let locals = 0
  const body: Statement[] = []
  let block = body

  const newLocal = (type: ComputeType, lanes: number, label: string): Local => ({
    id: locals,
    type,
    lanes,
    name: `${label}${locals++}`,
  })
  const inBlock = (fill: () => void): Statement[] => {
    const outer = block
    const inner: Statement[] = []
    block = inner
    fill()
    block = outer
    return inner
  }
  const i32 = (operand: Operand): Value => (typeof operand === 'number' ? v.i32(operand) : operand)
  const read = (local: Local): Value => ({ kind: 'local', local, type: local.type, lanes: local.lanes })

  const k: KernelBuilder = {
    target,
    buffer(label, dtype, access) {
      const ref: BufferRef = { index: buffers.length, name: label, dtype, access }
      buffers.push(ref)
      return ref
    },
    reinterpret: (buffer, dtype) => ({ ...buffer, dtype }),
    param(label) {
      params.push(label)
      return { kind: 'param', index: params.length - 1, type: 'i32', lanes: 1 }
    },
    paramF32(label) {
      return v.bitcast(k.param(label), 'f32')
    },
    let(value, label = 't') {
      // A variable may change later: binding its value takes a copy.
      if (value.kind === 'const' || (value.kind === 'local' && !mutable.has(value.local))) return value
      const local = newLocal(value.type, value.lanes, label)
      block.push({ kind: 'set', local, value })
      return read(local)
    },
    variable(initial, label = 'v') {
      const local = newLocal(initial.type, initial.lanes, label)
      mutable.add(local)
      block.push({ kind: 'set', local, value: initial })
      return {
        local,
        get: () => read(local),
        set: (value) => void block.push({ kind: 'set', local, value }),
      }
    },
    load: (buffer, index) => v.load(buffer, i32(index), 1),
    loadVector: (buffer, index) => v.load(buffer, i32(index), target.vectorLanes),
    store(buffer, index, value) {
      block.push({ kind: 'store', buffer, index: i32(index), value })
    },
    for(start, end, fill, step = 1) {
      const local = newLocal('i32', 1, 'i')
      const statements = inBlock(() => fill(read(local)))
      block.push({ kind: 'for', local, start: i32(start), end: i32(end), step: i32(step), body: statements })
    },
    while(condition, fill) {
      block.push({ kind: 'while', condition: condition(), body: inBlock(fill) })
    },
    if(condition, then, otherwise) {
      // biome-ignore lint/suspicious/noThenProperty: a statement is never awaited
      block.push({ kind: 'if', condition, then: inBlock(then), otherwise: otherwise ? inBlock(otherwise) : [] })
    },
    parallelRange(count, grain, fill) {
      const begin = newLocal('i32', 1, 'begin')
      const end = newLocal('i32', 1, 'end')
      const statements = inBlock(() => fill(read(begin), read(end)))
      block.push({ kind: 'parallel', count: i32(count), grain, begin, end, body: statements })
    },
    parallel(count, fill) {
      k.parallelRange(count, 1, (begin, end) => k.for(begin, end, fill))
    },
    forVector(begin, end, fill) {
      const lanes = target.vectorLanes
      if (lanes === 1) return k.for(begin, end, (i) => fill(i, 1))
      const start = k.let(i32(begin))
      const stop = k.let(i32(end))
      // A count below one vector gives main = start: the vector loop does not run.
      const main = k.let(v.sub(stop, v.rem(v.sub(stop, start), v.i32(lanes))))
      k.for(start, main, (i) => fill(i, lanes), lanes)
      k.for(main, stop, (i) => fill(i, 1))
    },
    func(label, declared, fill, form = 'call') {
      const own = declared.map((p) => newLocal(p.type, p.lanes ?? 1, p.name))
      let result: Value | null = null
      const statements = inBlock(() => {
        result = fill(...own.map(read)) ?? null
      })
      const func: KernelFunction = { name: label, params: own, body: statements, result, form }
      functions.push(func)
      return func
    },
    call(func, args) {
      block.push({ kind: 'call', func, args: args.map(i32) })
    },
  }
  return { k, buffers, params, functions, body, localCount: () => locals }
}
