import { computeTypeOf } from '../../dtype.js'
import { KernelTypeError } from '../../errors.js'
import type { BufferRef, KernelFunction, Local, Statement, Value } from '../../kernel/value.js'
import { operandsOf } from '../../kernel/walk.js'
import { type Accessors, loadElement, parameter, storeElement } from './wgsl-accessors.js'
import { binary, bitcast, COMPARE, conversion, literal, opaque, unary } from './wgsl-operators.js'

/** Expressions nested deeper than this are cut into `let`s: WGSL parsers give up at 128, and people earlier. */
const MAX_DEPTH = 24

/** What the parts of one shader share. */
export interface Scope extends Accessors {
  /** The parallel loop, if its ranges are one unit long. */
  readonly unit: (Statement & { kind: 'parallel' }) | null
  readonly functionNames: Map<KernelFunction, string>
  readonly temporaries: { count: number }
}

export const identifier = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[^A-Za-z])/, 'k')

// A local's id makes its name unique, and no WGSL keyword ends in an underscore and digits.
export const localName = (local: Local): string => `${identifier(local.name.replace(/\d+$/, ''))}_${local.id}`

/** The expressions of one statement: what is shared or nested deep becomes a `let` before it. */
export class Expressions {
  private readonly shared = new Set<Value>()
  private readonly names = new Map<Value, string>()
  private readonly depths = new Map<Value, number>()

  constructor(
    private readonly scope: Scope,
    roots: readonly Value[],
    private readonly out: string[],
    private readonly indent: string,
  ) {
    const seen = new Set<Value>()
    const visit = (value: Value): void => {
      if (seen.has(value)) {
        this.shared.add(value)
        return
      }
      seen.add(value)
      for (const operand of operandsOf(value)) visit(operand)
    }
    for (const root of roots) visit(root)
  }

  emit(value: Value): string {
    const name = this.names.get(value)
    if (name) return name
    if (value.lanes !== 1) {
      throw new KernelTypeError(
        this.scope.where,
        'values of one lane',
        `${value.lanes} lanes`,
        'Build it with vectorLanes 1.',
      )
    }
    const operands = operandsOf(value)
    // WGSL evaluates an expression of constants at once and refuses overflow: one of them is made opaque.
    if (
      value.kind !== 'call' &&
      operands[0]?.kind === 'const' &&
      operands.every((operand) => operand.kind === 'const')
    ) {
      this.names.set(operands[0], opaque(operands[0]))
    }
    const text = this.expression(value)
    const depth = 1 + Math.max(0, ...operands.map((operand) => this.depths.get(operand) ?? 0))
    this.depths.set(value, depth)
    if (operands.length > 0 && (depth > MAX_DEPTH || this.shared.has(value))) return this.named(value, text)
    return text
  }

  /** Evaluated once, here. */
  bind(value: Value): string {
    const text = this.emit(value)
    return value.kind === 'const' || this.names.has(value) ? text : this.named(value, text)
  }

  store(buffer: BufferRef, index: Value, value: Value): string {
    const at = this.emit(index)
    return storeElement(this.scope, buffer, at, conversion(this.emit(value), value.type, computeTypeOf(buffer.dtype)))
  }

  private named(value: Value, text: string): string {
    const name = `t${this.scope.temporaries.count++}`
    this.out.push(`${this.indent}let ${name} = ${text};`)
    this.names.set(value, name)
    this.depths.set(value, 0)
    return name
  }

  private expression(value: Value): string {
    switch (value.kind) {
      case 'const':
        return literal(value.type, value.value)
      case 'local':
        return localName(value.local)
      case 'param':
        return parameter(value.index)
      case 'load':
        return loadElement(this.scope, value.buffer, this.emit(value.index))
      case 'unary':
        return unary(value.op, value.type, this.emit(value.a))
      case 'binary':
        return binary(value.op, value.type, this.emit(value.a), this.emit(value.b), value.b)
      case 'compare':
        return this.compare(value)
      case 'select':
        return `select(${this.emit(value.b)}, ${this.emit(value.a)}, ${this.emit(value.condition)})`
      case 'fma':
        return `fma(${this.emit(value.a)}, ${this.emit(value.b)}, ${this.emit(value.c)})`
      case 'convert':
        return conversion(this.emit(value.a), value.a.type, value.type)
      case 'bitcast':
        return bitcast(this.emit(value.a), value)
      case 'splat':
      case 'reduceLanes':
        return this.emit(value.a)
      case 'call':
        return `${this.scope.functionNames.get(value.func)}(${value.args.map((a) => this.emit(a)).join(', ')})`
      default:
        throw new KernelTypeError(this.scope.where, 'an expression that a shader can run', `\`${value.kind}\``)
    }
  }

  private compare(value: Value & { kind: 'compare' }): string {
    const { op, a, b } = value
    const x = this.emit(a)
    const y = this.emit(b)
    if (a.type !== 'f32') return `(${x} ${COMPARE[op]} ${y})`
    // x != x asks for NaN: drivers fold it to false.
    const same = a === b || (a.kind === 'local' && b.kind === 'local' && a.local === b.local)
    if (same && (op === 'ne' || op === 'eq')) return op === 'ne' ? `is_nan(${x})` : `!is_nan(${x})`
    // WGSL's != is "less or greater" in SPIR-V, which is false for a NaN.
    return op === 'ne' ? `!(${x} == ${y})` : `(${x} ${COMPARE[op]} ${y})`
  }
}
