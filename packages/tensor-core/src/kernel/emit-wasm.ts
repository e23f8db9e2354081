import { KernelTypeError } from '../errors.js'
import { emitStatements } from './emit-wasm-statements.js'
import { emitValue } from './emit-wasm-values.js'
import type { KernelCode, KernelFunction, Statement, Value } from './value.js'
import { walk, walkValue } from './walk.js'
import { encodeModule, type WasmFunction, type WasmType } from './wasm-encoder.js'
import { FunctionCode, type FunctionSurroundings, wasmTypeOf } from './wasm-function.js'
import { OP } from './wasm-opcodes.js'

export { LOWEST_ADDRESS } from './emit-wasm-memory.js'

export interface EmitWasmOptions {
  /** The memory's kind; it must match the memory that the module is given. */
  readonly sharedMemory: boolean
  /** At least the memory's own maximum, in pages of 64 KiB. */
  readonly maximumPages: number
  /** Use the fused multiply-add of relaxed SIMD. */
  readonly relaxedSimd: boolean
}

/**
 * The module of a kernel. It imports `env.memory` and exports `kernel(args, worker, workers, counters)`: `args` is the byte
 * address of 32-bit words, first the byte address of each buffer in order of declaration (LOWEST_ADDRESS or above, aligned
 * to its elements), then the parameters, then the number of pieces of a worker's share. Every worker calls it with its index. `counters` is the byte address of a zero
 * word for each worker, through which they share the parallel loop; 0: each keeps to its own part.
 * Throws KernelTypeError for code that breaks the language's rules.
 */
export function emitWasm(code: KernelCode, options: EmitWasmOptions): Uint8Array {
  const where = `kernel ${code.name}`
  const order = calledFunctions(code)
  const hidden = new Map(order.map((f) => [f, hiddenNeeds(f)]))
  const surroundings: FunctionSurroundings = {
    relaxedSimd: options.relaxedSimd,
    functionIndex: (f) => order.indexOf(f) + 1,
    pushHidden(caller, f) {
      const { buffers, params, worker } = hidden.get(f) as Needs
      for (const index of buffers) caller.get(caller.bufferPlaces.get(index) as number)
      for (const index of params) caller.get(caller.paramPlaces.get(index) as number)
      if (worker) caller.get(caller.workerPlace)
    },
  }
  const functions = [emitEntry(where, code, surroundings, options.sharedMemory)].concat(
    order.map((f) => emitFunction(where, f, hidden.get(f) as Needs, surroundings)),
  )
  return encodeModule({
    memory: { module: 'env', name: 'memory', shared: options.sharedMemory, maximum: options.maximumPages },
    functions,
    exports: { kernel: 0 },
  })
}

/** What of the kernel's surroundings a function reads; it is handed down as extra arguments. */
interface Needs {
  readonly buffers: readonly number[]
  readonly params: readonly number[]
  readonly worker: boolean
}

/** Functions that are called (not expanded), each once, callees first. */
function calledFunctions(code: KernelCode): KernelFunction[] {
  const order: KernelFunction[] = []
  const open: KernelFunction[] = []
  const visit = (f: KernelFunction): void => {
    if (open.includes(f)) {
      throw new KernelTypeError(`kernel ${code.name}: ${f.name}`, 'no recursion', 'a function that calls itself')
    }
    open.push(f)
    visitCallees(f.body, f.result)
    open.pop()
    if (f.form === 'call' && !order.includes(f)) order.push(f)
  }
  const visitCallees = (body: readonly Statement[], result: Value | null): void => {
    const onValue = (value: Value): void => {
      if (value.kind === 'call') visit(value.func)
    }
    walk(body, onValue, (statement) => {
      if (statement.kind === 'call') visit(statement.func)
    })
    if (result) walkValue(result, onValue)
  }
  visitCallees(code.body, null)
  return order
}

function hiddenNeeds(f: KernelFunction): Needs {
  const buffers = new Set<number>()
  const params = new Set<number>()
  let worker = false
  const visit = (body: readonly Statement[], result: Value | null): void => {
    const onValue = (value: Value): void => {
      if (value.kind === 'load' || value.kind === 'loadPacked' || value.kind === 'loadWidened')
        buffers.add(value.buffer.index)
      else if (value.kind === 'param') params.add(value.index)
      else if (value.kind === 'worker') worker = true
      else if (value.kind === 'call') visit(value.func.body, value.func.result)
    }
    walk(body, onValue, (statement) => {
      if (statement.kind === 'store') buffers.add(statement.buffer.index)
      else if (statement.kind === 'call') visit(statement.func.body, statement.func.result)
    })
    if (result) walkValue(result, onValue)
  }
  visit(f.body, f.result)
  return { buffers: [...buffers], params: [...params], worker }
}

function emitFunction(
  where: string,
  f: KernelFunction,
  needs: Needs,
  surroundings: FunctionSurroundings,
): WasmFunction {
  const name = `${where}: ${f.name}`
  const declared = f.params.map((p) => wasmTypeOf(`${name}: ${p.name}`, p.type, p.lanes))
  const extra = needs.buffers.length + needs.params.length + Number(needs.worker)
  const params: WasmType[] = [...declared, ...new Array<WasmType>(extra).fill('i32')]
  const code = new FunctionCode(name, params.length, surroundings)
  for (const [i, local] of f.params.entries()) code.bindParameter(local, i)
  let place = declared.length
  for (const index of needs.buffers) code.bufferPlaces.set(index, place++)
  for (const index of needs.params) code.paramPlaces.set(index, place++)
  if (needs.worker) code.workerPlace = place
  emitStatements(code, f.body)
  if (f.result) emitValue(code, f.result)
  const result = f.result ? wasmTypeOf(`${name}: result`, f.result.type, f.result.lanes) : null
  return { params, result, locals: code.locals, code: code.bytes }
}

const ENTRY_PARAMS: readonly WasmType[] = ['i32', 'i32', 'i32', 'i32']
const ARGS = 0
const WORKER = 1
const WORKERS = 2
const COUNTERS = 3

function emitEntry(
  where: string,
  kernel: KernelCode,
  surroundings: FunctionSurroundings,
  shared: boolean,
): WasmFunction {
  const code = new FunctionCode(where, ENTRY_PARAMS.length, surroundings)
  code.workerPlace = WORKER
  const parallel = kernel.body.some((statement) => statement.kind === 'parallel')
  if (!parallel) {
    code.get(WORKER)
    code.op(OP.i32Eqz)
    code.open(OP.if)
  }
  // Every buffer and parameter is loaded once; what is not used, the engine drops.
  const loadWord = (word: number): number => {
    const place = code.newLocal('i32')
    code.get(ARGS)
    code.op(OP.i32Load)
    code.u32(2)
    code.u32(word * 4)
    code.set(place)
    return place
  }
  for (const buffer of kernel.buffers) code.bufferPlaces.set(buffer.index, loadWord(buffer.index))
  for (const index of kernel.params.keys()) code.paramPlaces.set(index, loadWord(kernel.buffers.length + index))

  const words = kernel.buffers.length + kernel.params.length
  let parallels = 0
  for (const statement of kernel.body) {
    if (statement.kind === 'parallel' && parallels++ === 0) emitParallel(code, statement, shared, words)
    else emitStatements(code, [statement])
  }
  if (!parallel) code.end()
  return { params: ENTRY_PARAMS, result: null, locals: code.locals, code: code.bytes }
}

/**
 * The units 0..count in shares, one a worker: share = ceil(ceil(count / grain) / workers) * grain. Without counters a worker
 * runs through its share. With counters (one word a worker, 0 at the start) a share goes by as many pieces as the word after
 * the parameters says, claimed one after the other: a worker that is done with its own goes on with those of the others.
 * Which worker runs a unit has no part in any result.
 */
function emitParallel(
  code: FunctionCode,
  loop: Extract<Statement, { kind: 'parallel' }>,
  shared: boolean,
  piecesWord: number,
): void {
  const { count, grain, begin, end, body } = loop
  code.expect('parallel: count', count, ['i32'], 1)
  if (!Number.isInteger(grain) || grain < 1) {
    throw new KernelTypeError(`${code.where}: parallel`, 'a whole grain of at least 1', `${grain}`)
  }
  const total = code.newLocal('i32')
  const share = code.newLocal('i32')
  // Sums may pass 2^31 but not 2^32: unsigned.
  const pushCeilQuotient = (pushDividend: () => void, pushDivisor: () => void): void => {
    pushDividend()
    pushDivisor()
    code.op(OP.i32Add)
    code.i32Const(1)
    code.op(OP.i32Sub)
    pushDivisor()
    code.op(OP.i32DivU)
  }
  const pushSum = (a: number, b: number): void => {
    code.get(a)
    code.get(b)
    code.op(OP.i32Add)
  }
  /** place = min(what is on the stack, most) */
  const setMin = (place: number, most: number): void => {
    code.tee(place)
    code.get(most)
    code.get(place)
    code.get(most)
    code.op(OP.i32LtU)
    code.op(OP.select)
    code.set(place)
  }
  emitValue(code, count)
  code.tee(total)
  code.i32Const(0)
  code.get(total)
  code.i32Const(0)
  code.op(OP.i32GtS)
  code.op(OP.select)
  code.set(total)
  pushCeilQuotient(
    () =>
      pushCeilQuotient(
        () => code.get(total),
        () => code.i32Const(grain),
      ),
    () => code.get(WORKERS),
  )
  code.i32Const(grain)
  code.op(OP.i32Mul)
  code.set(share)
  const [beginPlace, endPlace] = [code.placeForWrite(begin), code.placeForWrite(end)]
  const [shareEnd, piece, owner] = [code.newLocal('i32'), code.newLocal('i32'), code.newLocal('i32')]
  const pushShareStart = (): void => {
    code.get(owner)
    code.get(share)
    code.op(OP.i32Mul)
  }
  const runBody = (): void => {
    pushSum(beginPlace, piece)
    setMin(endPlace, shareEnd)
    emitStatements(code, body)
  }
  code.get(WORKER)
  code.set(owner)
  if (!shared) {
    code.get(share)
    code.set(piece)
    pushShareStart()
    setMin(beginPlace, total)
    pushSum(beginPlace, share)
    setMin(shareEnd, total)
    code.get(beginPlace)
    code.get(shareEnd)
    code.op(OP.i32LtU)
    code.open(OP.if)
    runBody()
    code.end()
    return
  }
  // piece = counters ? ceil(ceil(share / grain) / pieces) * grain : share
  code.get(share)
  code.set(piece)
  code.get(COUNTERS)
  code.open(OP.if)
  pushCeilQuotient(
    () => {
      code.get(share)
      code.i32Const(grain)
      code.op(OP.i32DivU)
    },
    () => {
      code.get(ARGS)
      code.op(OP.i32Load)
      code.u32(2)
      code.u32(piecesWord * 4)
    },
  )
  code.i32Const(grain)
  code.op(OP.i32Mul)
  code.set(piece)
  code.end()
  const [claimed, turns] = [code.newLocal('i32'), code.newLocal('i32')]
  code.get(WORKERS)
  code.set(turns)
  code.open(OP.loop) // an owner after the other
  pushShareStart()
  code.get(share)
  code.op(OP.i32Add)
  setMin(shareEnd, total)
  code.open(OP.loop) // a piece after the other
  code.get(COUNTERS)
  code.open(OP.if)
  code.get(COUNTERS)
  code.get(owner)
  code.i32Const(2)
  code.op(OP.i32Shl)
  code.op(OP.i32Add)
  code.get(piece)
  code.op(OP.i32AtomicRmwAdd)
  code.u32(2)
  code.u32(0)
  code.set(claimed)
  code.end()
  pushShareStart()
  code.get(claimed)
  code.op(OP.i32Add)
  code.tee(beginPlace)
  code.get(shareEnd)
  code.op(OP.i32LtU)
  code.open(OP.if)
  runBody()
  // Without counters one piece is all.
  code.get(COUNTERS)
  code.branchIf(1)
  code.end()
  code.end()
  code.get(owner)
  code.i32Const(1)
  code.op(OP.i32Add)
  code.tee(owner)
  code.i32Const(0)
  code.get(owner)
  code.get(WORKERS)
  code.op(OP.i32LtU)
  code.op(OP.select)
  code.set(owner)
  code.get(turns)
  code.i32Const(1)
  code.op(OP.i32Sub)
  code.tee(turns)
  code.i32Const(0)
  code.get(COUNTERS)
  code.op(OP.select)
  code.branchIf(0)
  code.end()
}
