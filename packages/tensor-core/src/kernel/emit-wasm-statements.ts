// biome-ignore-all lint/correctness/noVoidTypeReturn: `return emit(...)` ends a case of a dispatch
import { KernelTypeError } from '../errors.js'
import { emitStore } from './emit-wasm-memory.js'
import { emitCall, emitValue } from './emit-wasm-values.js'
import type { Statement, Value } from './value.js'
import type { FunctionCode } from './wasm-function.js'
import { OP } from './wasm-opcodes.js'

export function emitStatements(code: FunctionCode, statements: readonly Statement[]): void {
  for (const statement of statements) emitStatement(code, statement)
}

function emitStatement(code: FunctionCode, statement: Statement): void {
  switch (statement.kind) {
    case 'set': {
      const { local, value } = statement
      code.expect(`set ${local.name}`, value, [local.type], local.lanes)
      emitValue(code, value)
      return code.set(code.placeForWrite(local))
    }
    case 'store':
      return emitStore(code, statement.buffer, statement.index, statement.value)
    case 'call':
      emitCall(code, statement.func, statement.args)
      if (statement.func.result) code.op(OP.drop)
      return
    case 'if':
      code.expect('if', statement.condition, ['bool'], 1)
      emitValue(code, statement.condition)
      code.open(OP.if)
      emitStatements(code, statement.then)
      if (statement.otherwise.length) {
        code.op(OP.else)
        emitStatements(code, statement.otherwise)
      }
      return code.end()
    case 'while':
      // if (condition) do { body } while (condition): the loop's only branch is at its end.
      code.expect('while', statement.condition, ['bool'], 1)
      emitValue(code, statement.condition)
      code.open(OP.if)
      code.open(OP.loop)
      emitStatements(code, statement.body)
      emitValue(code, statement.condition)
      code.branchIf(0)
      code.end()
      return code.end()
    case 'for':
      return emitFor(code, statement)
    case 'parallel':
      throw new KernelTypeError(
        `${code.where}: parallel`,
        'one parallel loop, at the top level of the kernel',
        'another one, or one inside a loop, a branch or a function',
      )
  }
}

function emitFor(code: FunctionCode, loop: Extract<Statement, { kind: 'for' }>): void {
  const { local, start, end, step, body } = loop
  for (const [name, bound] of [
    ['start', start],
    ['end', end],
    ['step', step],
  ] as const) {
    code.expect(`for ${local.name}: ${name}`, bound, ['i32'], 1)
  }
  // Bounds are evaluated once: only a constant may be written out again.
  const once = (value: Value): (() => void) => {
    if (value.kind === 'const') return () => emitValue(code, value)
    const place = code.newLocal('i32')
    emitValue(code, value)
    code.set(place)
    return () => code.get(place)
  }
  const pushEnd = once(end)
  const pushStep = once(step)
  const i = code.placeForWrite(local)
  emitValue(code, start)
  code.tee(i)
  pushEnd()
  code.op(OP.i32LtS)
  code.open(OP.if)
  code.open(OP.loop)
  emitStatements(code, body)
  code.get(i)
  pushStep()
  code.op(OP.i32Add)
  code.tee(i)
  pushEnd()
  code.op(OP.i32LtS)
  code.branchIf(0)
  code.end()
  code.end()
}
