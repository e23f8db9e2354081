import type { BinaryOp, CompareOp, KernelCode, Local, Value } from '../../kernel/value.js'
import { WORKGROUP_SIZE } from './emit-wgsl.js'
import { localsOf, walk } from './kernel-uses.js'

/** Workgroups where only the kernel knows how much work there is (a bound that it reads from a buffer). */
const UNKNOWN_GROUPS = 256

/**
 * Workgroups that give every grain of a kernel's parallel loop an invocation of its own; above `limit`, invocations take
 * several. 0 where there is nothing to do.
 */
export function dispatchCount(code: KernelCode, params: readonly number[], limit: number): number {
  const known = new Map<Local, number>()
  for (const statement of code.body) {
    if (statement.kind === 'parallel') {
      const count = evaluate(statement.count, params, known)
      if (count === undefined) return Math.min(UNKNOWN_GROUPS, limit)
      return Math.min(limit, Math.ceil(Math.max(0, count) / (statement.grain * WORKGROUP_SIZE)))
    }
    const value = statement.kind === 'set' ? evaluate(statement.value, params, known) : undefined
    for (const local of localsOf([statement])) known.delete(local)
    if (statement.kind === 'set' && value !== undefined) known.set(statement.local, value)
  }
  const nested = [...walk(code.body)].some((statement) => statement.kind === 'parallel')
  return nested ? Math.min(UNKNOWN_GROUPS, limit) : 1
}

/** So many workgroups in x and y; the last row may have more than there are. */
export function foldGroups(count: number, limit: number): readonly [x: number, y: number] {
  if (count <= limit) return [count, 1]
  const y = Math.ceil(count / limit)
  return [Math.ceil(count / y), y]
}

/** An i32 or bool value from the parameters alone; undefined where it takes more. */
function evaluate(value: Value, params: readonly number[], known: ReadonlyMap<Local, number>): number | undefined {
  const inner = (v: Value) => evaluate(v, params, known)
  if (value.type !== 'i32' && value.type !== 'bool') return undefined
  switch (value.kind) {
    case 'const':
      return value.value
    case 'param':
      return (params[value.index] as number) | 0
    case 'local':
      return known.get(value.local)
    case 'select': {
      const condition = inner(value.condition)
      return condition === undefined ? undefined : inner(condition ? value.a : value.b)
    }
    case 'binary':
    case 'compare': {
      if (value.a.type !== 'i32') return undefined
      const a = inner(value.a)
      const b = inner(value.b)
      if (a === undefined || b === undefined) return undefined
      return value.kind === 'binary' ? ARITHMETIC[value.op](a, b) | 0 : COMPARISON[value.op](a, b)
    }
    default:
      return undefined
  }
}

const ARITHMETIC: { readonly [Op in BinaryOp]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: Math.imul,
  div: (a, b) => (b === 0 ? 0 : a / b),
  rem: (a, b) => (b === 0 ? 0 : a % b),
  min: Math.min,
  max: Math.max,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr: (a, b) => a >> b,
}

const COMPARISON: { readonly [Op in CompareOp]: (a: number, b: number) => number } = {
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
}
