import type { ComputeType } from '../../dtype.js'
import type { Value } from '../../kernel/value.js'

/** The kernel language's operators as WGSL text, with the semantics that WGSL leaves open. */

export const COMPARE = { lt: '<', le: '<=', eq: '==', ne: '!=', gt: '>', ge: '>=' } as const

/** A constant. */
export function literal(type: ComputeType, value: number): string {
  switch (type) {
    case 'bool':
      return value ? 'true' : 'false'
    case 'i32':
      // The least i32 has no literal of its own.
      return (value | 0) === -2147483648 ? 'i32(-2147483648)' : value < 0 ? `(${value | 0})` : `${value | 0}`
    case 'u32':
      return `${value >>> 0}u`
    case 'f32': {
      const rounded = Math.fround(value)
      if (Number.isNaN(rounded)) return 'from_bits(0x7fc00000u)'
      if (!Number.isFinite(rounded)) return `from_bits(${rounded > 0 ? '0x7f800000u' : '0xff800000u'})`
      if (Object.is(rounded, -0)) return 'from_bits(0x80000000u)'
      const text = String(rounded)
      const float = /[.e]/.test(text) ? `${text}f` : `${text}.0`
      return rounded < 0 ? `(${float})` : float
    }
  }
}

/** A constant that WGSL does not see as one. */
export function opaque({ type, value }: Value & { kind: 'const' }): string {
  if (type === 'f32') return `from_bits(0x${new Uint32Array(Float32Array.of(value).buffer)[0]?.toString(16)}u)`
  return type === 'bool' ? `${value ? '!' : ''}is_nan(0.0)` : `opaque_${type}(${literal(type, value)})`
}

export function unary(op: (Value & { kind: 'unary' })['op'], type: ComputeType, a: string): string {
  switch (op) {
    case 'neg':
      return type === 'u32' ? `(0u - ${a})` : `(-${a})`
    case 'not':
      return `!(${a})`
    case 'bitNot':
      return `(~${a})`
    case 'abs':
      return type === 'u32' ? a : `abs(${a})`
    case 'roundEven':
      return `round(${a})`
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
      return `${op}(${a})`
    case 'exp':
    case 'log':
    case 'sin':
    case 'cos':
    case 'tanh':
    case 'erf':
      return `f_${op}(${a})`
  }
}

const INFIX: Partial<Record<(Value & { kind: 'binary' })['op'], string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  and: '&',
  or: '|',
  xor: '^',
}

export function binary(
  op: (Value & { kind: 'binary' })['op'],
  type: ComputeType,
  a: string,
  b: string,
  divisor: Value,
): string {
  switch (op) {
    case 'div':
    case 'rem': {
      if (type === 'f32') return op === 'div' ? `(${a} / ${b})` : `(${a} % ${b})`
      if (divisor.kind === 'const' && divisor.value !== 0) return `(${a} ${op === 'div' ? '/' : '%'} ${b})`
      return `${type === 'i32' ? 'i' : 'u'}_${op}(${a}, ${b})`
    }
    case 'min':
    case 'max':
      return type === 'f32' ? `f_${op}(${a}, ${b})` : `${op}(${a}, ${b})`
    case 'shl':
    case 'shr':
      return `(${a} ${op === 'shl' ? '<<' : '>>'} (u32(${b}) & 31u))`
    default:
      return `(${a} ${type === 'bool' && op === 'xor' ? '!=' : INFIX[op]} ${b})`
  }
}

export function conversion(a: string, from: ComputeType, to: ComputeType): string {
  if (from === to) return a
  if (to === 'bool') {
    return from === 'f32' ? `((bitcast<u32>(${a}) & 0x7fffffffu) != 0u)` : `(${a} != ${from === 'i32' ? '0' : '0u'})`
  }
  if (from === 'f32') return `f_to_${to}(${a})`
  return `${to}(${a})`
}

export function bitcast(a: string, value: Value & { kind: 'bitcast' }): string {
  if (value.type === value.a.type) return a
  // The bits of an infinity or a NaN are no const-expression's value.
  if (value.a.kind === 'const' && value.type === 'f32') return `from_bits(bitcast<u32>(${a}))`
  return `bitcast<${value.type}>(${a})`
}
