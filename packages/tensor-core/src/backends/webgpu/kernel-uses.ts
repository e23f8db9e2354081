import { isFloat, type StoredDType } from '../../dtype.js'
import type { BufferRef, KernelCode, KernelFunction, Local, Statement, Value } from '../../kernel/value.js'
import { operandsOf } from '../../kernel/walk.js'

/** How a kernel touches one of its buffers. */
export interface BufferUse {
  readonly access: BufferRef['access']
  /** It is never touched: nothing needs to be bound for it. */
  readonly unused?: boolean
  /** Every dtype it is seen under; its own if it is never touched. */
  readonly dtypes: ReadonlySet<StoredDType>
  /** The dtypes that are stored. */
  readonly stored: ReadonlySet<StoredDType>
  /** Floats that are read, or stored, by fours at multiples of four only: it may be an array of vectors. */
  readonly fours?: boolean
}

export interface KernelUses {
  readonly buffers: readonly BufferUse[]
  /** Functions that are called, each after those that it calls. */
  readonly functions: readonly KernelFunction[]
}

/** The values that a statement evaluates itself, not those of the statements inside it. */
export function valuesOf(statement: Statement): readonly Value[] {
  switch (statement.kind) {
    case 'set':
      return [statement.value]
    case 'store':
      return [statement.index, statement.value]
    case 'for':
      return [statement.start, statement.end, statement.step]
    case 'call':
      return statement.args
    case 'while':
    case 'if':
      return [statement.condition]
    case 'parallel':
      return [statement.count]
  }
}

/** The statements inside a statement. */
export function blocksOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case 'for':
    case 'while':
    case 'parallel':
      return [statement.body]
    case 'if':
      return [statement.then, statement.otherwise]
    default:
      return []
  }
}

/** Every statement of a block, those inside others too. */
export function* walk(block: readonly Statement[]): Generator<Statement> {
  for (const statement of block) {
    yield statement
    for (const inner of blocksOf(statement)) yield* walk(inner)
  }
}

/** The locals that a block sets, in order of first mention. */
export function localsOf(block: readonly Statement[]): Local[] {
  const locals = new Set<Local>()
  for (const statement of walk(block)) {
    if (statement.kind === 'set' || statement.kind === 'for') locals.add(statement.local)
    if (statement.kind === 'parallel') locals.add(statement.begin).add(statement.end)
  }
  return [...locals]
}

export function kernelUses(code: KernelCode): KernelUses {
  const dtypes = code.buffers.map(() => new Set<StoredDType>())
  const stored = code.buffers.map(() => new Set<StoredDType>())
  const functions = new Set<KernelFunction>()
  const seen = new Set<Value>()
  const value = (v: Value): void => {
    if (seen.has(v)) return
    seen.add(v)
    if (v.kind === 'load') dtypes[v.buffer.index]?.add(v.buffer.dtype)
    if (v.kind === 'call') func(v.func)
    for (const operand of operandsOf(v)) value(operand)
  }
  const func = (f: KernelFunction): void => {
    if (functions.has(f)) return
    block(f.body)
    if (f.result) value(f.result)
    functions.add(f)
  }
  const block = (body: readonly Statement[]): void => {
    for (const statement of walk(body)) {
      for (const v of valuesOf(statement)) value(v)
      if (statement.kind === 'call') func(statement.func)
      if (statement.kind === 'store') {
        dtypes[statement.buffer.index]?.add(statement.buffer.dtype)
        stored[statement.buffer.index]?.add(statement.buffer.dtype)
      }
    }
  }
  block(code.body)
  return {
    buffers: code.buffers.map(({ access, dtype }, index) => ({
      access,
      unused: dtypes[index]?.size === 0,
      dtypes: dtypes[index]?.size ? (dtypes[index] as Set<StoredDType>) : new Set([dtype]),
      stored: stored[index] as Set<StoredDType>,
    })),
    functions: [...functions],
  }
}

/** The uses of a kernel written in WGSL, which says itself what it writes; those of `functions` beside. */
export function templateUses(
  code: KernelCode,
  functions: Readonly<Record<string, KernelFunction>>,
  fours: ReadonlySet<string>,
): KernelUses {
  const body: Statement[] = Object.values(functions).map((func) => ({ kind: 'call', func, args: [] }))
  const inner = kernelUses({ ...code, body })
  return {
    functions: inner.functions,
    buffers: code.buffers.map(({ name, dtype, access }, i) => ({
      access,
      // Packed blocks are read by words.
      dtypes: new Set<StoredDType>([dtype === 'uint8' ? 'uint32' : dtype]),
      stored: new Set(access === 'read' ? inner.buffers[i]?.stored : [dtype]),
      fours: fours.has(name) && isFloat(dtype) && access !== 'readwrite',
    })),
  }
}
