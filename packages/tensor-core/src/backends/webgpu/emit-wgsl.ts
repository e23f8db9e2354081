import { type ComputeType, computeTypeOf, type ScalarDType } from '../../dtype.js'
import { KernelTypeError } from '../../errors.js'
import type { BufferRef, KernelCode, KernelFunction, Local, Statement, Value } from '../../kernel/value.js'
import { operandsOf } from '../../kernel/walk.js'
import { type KernelUses, localsOf, valuesOf, walk } from './kernel-uses.js'
import type { BindingPlan } from './plan-bindings.js'
import { wgslHelpersFor } from './wgsl-helpers.js'

/** Invocations of a workgroup: what every WebGPU device allows, and a multiple of every GPU's subgroup. */
export const WORKGROUP_SIZE = 64

/** Expressions nested deeper than this are cut into `let`s: WGSL parsers give up at 128, and people earlier. */
const MAX_DEPTH = 24

/**
 * A kernel as a WGSL compute shader with entry point `main`. Binding 0 is the parameters (and the word offsets of packed
 * buffers after them), the storage bindings of `plan` follow. Every invocation runs the statements outside the parallel
 * loop; the loop's units are dealt out grain by grain, so any number of workgroups is right.
 * @throws KernelTypeError for vectors, `worker`, and stores outside the parallel loop.
 */
export function emitWgsl(code: KernelCode, uses: KernelUses, plan: BindingPlan): string {
  const where = `webgpu kernel ${code.name}`
  const parallel = [...walk(code.body)].filter((s) => s.kind === 'parallel')
  if (parallel.length > 1) {
    throw new KernelTypeError(where, 'at most one parallel loop', `${parallel.length}`, 'Make it two kernels.')
  }
  if (parallel.length === 1 && storesOutsideParallel(code.body)) {
    throw new KernelTypeError(
      where,
      'stores inside the parallel loop only',
      'one outside',
      'Every invocation would run it.',
    )
  }
  const unit = parallel[0]?.grain === 1 ? parallel[0] : null
  const scope: Scope = {
    where,
    code,
    plan,
    unit,
    accessors: new Map(),
    functionNames: new Map(),
    temporaries: { count: 0 },
  }
  for (const func of uses.functions) {
    scope.functionNames.set(func, `${identifier(func.name)}_f${scope.functionNames.size}`)
  }
  const functions = uses.functions.map((func) => emitFunction(scope, func)).join('')
  const lines = emitBlock(scope, code.body, '  ')
  const main = [
    `@compute @workgroup_size(${WORKGROUP_SIZE})`,
    'fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {',
    ...localsOf(code.body).map((local) => `  var ${localName(local)}: ${local.type};`),
    // Without a parallel loop there is one invocation's worth of work.
    ...(parallel.length === 0 ? ['  if (id.x != 0u) { return; }'] : []),
    ...lines,
    '}\n',
  ].join('\n')
  const accessors = [...scope.accessors.values()].join('')
  const rest = accessors + functions + main
  return `${declarations(code, plan)}\n${wgslHelpersFor(rest)}${rest}`
}

/** Words of the parameter block: parameters, then offsets of packed buffers, padded to whole vectors. */
export function paramWords(code: KernelCode, plan: BindingPlan): number {
  const packed = plan.bindings.find((binding) => binding.packed)?.members.length ?? 0
  return Math.max(4, Math.ceil((code.params.length + packed) / 4) * 4)
}

interface Scope {
  readonly where: string
  readonly code: KernelCode
  readonly plan: BindingPlan
  /** The parallel loop, if its ranges are one unit long. */
  readonly unit: (Statement & { kind: 'parallel' }) | null
  /** Sources of the functions that load and store what WGSL has no type for, by name. */
  readonly accessors: Map<string, string>
  readonly functionNames: Map<KernelFunction, string>
  readonly temporaries: { count: number }
}

function declarations(code: KernelCode, plan: BindingPlan): string {
  const lines = [`// ${code.name}`]
  lines.push(`@group(0) @binding(0) var<uniform> params: array<vec4<i32>, ${paramWords(code, plan) / 4}>;`)
  plan.bindings.forEach((binding, at) => {
    const names = binding.members.map((m) => code.buffers[m]?.name).join(', ')
    lines.push(
      `@group(0) @binding(${at + 1}) var<storage, ${binding.access}> b${at}: array<${binding.element}>; // ${names}`,
    )
  })
  return `${lines.join('\n')}\n`
}

function storesOutsideParallel(block: readonly Statement[]): boolean {
  const stores = (body: readonly Statement[]): boolean =>
    body.some((s) => {
      if (s.kind === 'store') return true
      if (s.kind === 'call') return stores(s.func.body)
      if (s.kind === 'for' || s.kind === 'while') return stores(s.body)
      return s.kind === 'if' && (stores(s.then) || stores(s.otherwise))
    })
  return stores(block)
}

const identifier = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[^A-Za-z])/, 'k')

// A local's id makes its name unique, and no WGSL keyword ends in an underscore and digits.
const localName = (local: Local): string => `${identifier(local.name.replace(/\d+$/, ''))}_${local.id}`

function emitFunction(scope: Scope, func: KernelFunction): string {
  const assigned = new Set(localsOf(func.body))
  const params = func.params.map((p) => `${localName(p)}${assigned.has(p) ? '_in' : ''}: ${p.type}`).join(', ')
  const lines = [`fn ${scope.functionNames.get(func)}(${params})${func.result ? ` -> ${func.result.type}` : ''} {`]
  for (const local of assigned) {
    const initial = func.params.includes(local) ? ` = ${localName(local)}_in` : ''
    lines.push(`  var ${localName(local)}: ${local.type}${initial};`)
  }
  lines.push(...emitBlock(scope, func.body, '  '))
  if (func.result) {
    const out: string[] = []
    const result = new Expressions(scope, [func.result], out, '  ').emit(func.result)
    lines.push(...out, `  return ${result};`)
  }
  return `${lines.join('\n')}\n}\n`
}

function emitBlock(scope: Scope, block: readonly Statement[], indent: string): string[] {
  const out: string[] = []
  for (const statement of block) emitStatement(scope, statement, out, indent)
  return out
}

function emitStatement(scope: Scope, statement: Statement, out: string[], indent: string): void {
  const inner = `${indent}  `
  const expressions = new Expressions(scope, valuesOf(statement), out, indent)
  const line = (text: string): void => void out.push(indent + text)
  switch (statement.kind) {
    case 'set':
      line(`${localName(statement.local)} = ${expressions.emit(statement.value)};`)
      break
    case 'store':
      line(expressions.store(statement.buffer, statement.index, statement.value))
      break
    case 'call': {
      const call = `${scope.functionNames.get(statement.func)}(${statement.args.map((a) => expressions.emit(a)).join(', ')})`
      // A result that nobody wants must still go somewhere.
      line(statement.func.result ? `_ = ${call};` : `${call};`)
      break
    }
    case 'for': {
      const local = localName(statement.local)
      const start = expressions.emit(statement.start)
      if (isWholeUnit(scope, statement)) {
        line(`${local} = ${start};`)
        out.push(...emitBlock(scope, statement.body, indent))
        break
      }
      const end = expressions.bind(statement.end)
      const step = expressions.bind(statement.step)
      line(`for (${local} = ${start}; ${local} < ${end}; ${local} += ${step}) {`)
      out.push(...emitBlock(scope, statement.body, inner))
      line('}')
      break
    }
    case 'while': {
      line('loop {')
      // The condition is evaluated anew each time round, with whatever it needs.
      const condition = new Expressions(scope, [statement.condition], out, inner).emit(statement.condition)
      out.push(`${inner}if (!(${condition})) { break; }`, ...emitBlock(scope, statement.body, inner))
      line('}')
      break
    }
    case 'if': {
      line(`if (${expressions.emit(statement.condition)}) {`)
      out.push(...emitBlock(scope, statement.then, inner))
      if (statement.otherwise.length > 0) {
        line('} else {')
        out.push(...emitBlock(scope, statement.otherwise, inner))
      }
      line('}')
      break
    }
    case 'parallel': {
      const { begin, end, grain } = statement
      const count = expressions.bind(statement.count)
      const grains = grain === 1 ? `u32(max(${count}, 0))` : `(u32(max(${count}, 0)) + ${grain - 1}u) / ${grain}u`
      // Unsigned, because the index of a grain may pass 2^31 before it is compared.
      line(`for (var grain = id.x; grain < ${grains}; grain += groups.x * ${WORKGROUP_SIZE}u) {`)
      out.push(`${inner}${localName(begin)} = i32(grain) * ${grain};`)
      out.push(`${inner}${localName(end)} = ${localName(begin)} + min(${grain}, ${count} - ${localName(begin)});`)
      out.push(...emitBlock(scope, statement.body, inner))
      line('}')
      break
    }
  }
}

/** A loop over the parallel loop's range where that is always one unit: no loop. */
function isWholeUnit({ unit }: Scope, { start, end, step }: Statement & { kind: 'for' }): boolean {
  if (!unit || start.kind !== 'local' || end.kind !== 'local' || step.kind !== 'const') return false
  return start.local === unit.begin && end.local === unit.end && step.value > 0
}

/** The expressions of one statement: what is shared or nested deep becomes a `let` before it. */
class Expressions {
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
    const { binding, packedIndex } = this.placement(buffer)
    const { element, access } = this.scope.plan.bindings[binding] as BindingPlan['bindings'][number]
    if (access === 'read' || packedIndex >= 0) {
      throw new KernelTypeError(this.scope.where, `stores into writable buffers only`, `one into ${buffer.name}`)
    }
    const at = this.emit(index)
    const converted = conversion(this.emit(value), value.type, computeTypeOf(buffer.dtype))
    if (NATIVE[buffer.dtype] === element) return `b${binding}[${at}] = ${converted};`
    const type = computeTypeOf(buffer.dtype)
    const name = `store_${binding}_${buffer.dtype}`
    if (!this.scope.accessors.has(name)) {
      const body =
        element === 'u32'
          ? `b${binding}[i] = bitcast<u32>(v);`
          : NATIVE[buffer.dtype]
            ? `atomicStore(&b${binding}[i], bitcast<u32>(v));`
            : storeBits(`b${binding}`, buffer.dtype)
      this.scope.accessors.set(name, `fn ${name}(i: i32, v: ${type}) {\n  ${body}\n}\n`)
    }
    return `${name}(${at}, ${converted});`
  }

  private named(value: Value, text: string): string {
    const name = `t${this.scope.temporaries.count++}`
    this.out.push(`${this.indent}let ${name} = ${text};`)
    this.names.set(value, name)
    this.depths.set(value, 0)
    return name
  }

  private placement(buffer: BufferRef): BindingPlan['placements'][number] {
    return this.scope.plan.placements[buffer.index] as BindingPlan['placements'][number]
  }

  private load(buffer: BufferRef, at: string): string {
    const { binding, packedIndex } = this.placement(buffer)
    const { element } = this.scope.plan.bindings[binding] as BindingPlan['bindings'][number]
    if (NATIVE[buffer.dtype] === element && packedIndex < 0) return `b${binding}[${at}]`
    const name = `load_${binding}_${packedIndex < 0 ? '' : `${packedIndex}_`}${buffer.dtype}`
    if (!this.scope.accessors.has(name)) {
      const base = packedIndex < 0 ? '' : `${param(this.scope.code.params.length + packedIndex)} + `
      const word = (index: string): string =>
        element === 'atomic<u32>'
          ? `atomicLoad(&b${binding}[${base}${index}])`
          : element === 'u32'
            ? `b${binding}[${base}${index}]`
            : `bitcast<u32>(b${binding}[${base}${index}])`
      const type = computeTypeOf(buffer.dtype)
      this.scope.accessors.set(name, `fn ${name}(i: i32) -> ${type} {\n  return ${decode(buffer.dtype, word)};\n}\n`)
    }
    return `${name}(${at})`
  }

  private expression(value: Value): string {
    switch (value.kind) {
      case 'const':
        return literal(value.type, value.value)
      case 'local':
        return localName(value.local)
      case 'param':
        return param(value.index)
      case 'load':
        return this.load(value.buffer, this.emit(value.index))
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

const NATIVE: Partial<Record<ScalarDType, string>> = { float32: 'f32', int32: 'i32', uint32: 'u32' }

const COMPARE = { lt: '<', le: '<=', eq: '==', ne: '!=', gt: '>', ge: '>=' } as const

const param = (index: number): string => `params[${index >> 2}].${'xyzw'[index & 3]}`

/** An element of a dtype from the words of its buffer; `i` is the element's index. */
function decode(dtype: ScalarDType, word: (index: string) => string): string {
  const half = `(${word('(i >> 1u)')} >> (u32(i & 1) * 16u)) & 0xffffu`
  const byte = (type: string) => `extractBits(${type}(${word('(i >> 2u)')}), u32(i & 3) * 8u, 8u)`
  switch (dtype) {
    case 'float32':
      return `bitcast<f32>(${word('i')})`
    case 'int32':
      return `bitcast<i32>(${word('i')})`
    case 'uint32':
      return word('i')
    case 'float16':
      return `f16_to_f32(${half})`
    case 'bfloat16':
      return `bf16_to_f32(${half})`
    case 'int8':
      return byte('bitcast<i32>')
    case 'uint8':
      return byte('')
    case 'bool':
      return `${byte('')} != 0u`
  }
}

/** Writes `v` into its part of a word; the parts beside it may be written by other invocations at the same time. */
function storeBits(binding: string, dtype: ScalarDType): string {
  const half = dtype === 'float16' || dtype === 'bfloat16'
  const bits = {
    float16: 'f32_to_f16(v)',
    bfloat16: 'f32_to_bf16(v)',
    int8: 'bitcast<u32>(v) & 0xffu',
    uint8: 'v & 0xffu',
    bool: 'select(0u, 1u, v)',
  }[dtype as 'float16']
  const word = `&${binding}[i >> ${half ? 1 : 2}u]`
  return [
    `let shift = u32(i & ${half ? 1 : 3}) * ${half ? 16 : 8}u;`,
    `atomicAnd(${word}, ~(${half ? '0xffffu' : '0xffu'} << shift));`,
    `atomicOr(${word}, (${bits}) << shift);`,
  ].join('\n  ')
}

function literal(type: ComputeType, value: number): string {
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
function opaque({ type, value }: Value & { kind: 'const' }): string {
  if (type === 'f32') return `from_bits(0x${new Uint32Array(Float32Array.of(value).buffer)[0]?.toString(16)}u)`
  return type === 'bool' ? `${value ? '!' : ''}is_nan(0.0)` : `opaque_${type}(${literal(type, value)})`
}

function unary(op: (Value & { kind: 'unary' })['op'], type: ComputeType, a: string): string {
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

function binary(
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

function conversion(a: string, from: ComputeType, to: ComputeType): string {
  if (from === to) return a
  if (to === 'bool') {
    return from === 'f32' ? `((bitcast<u32>(${a}) & 0x7fffffffu) != 0u)` : `(${a} != ${from === 'i32' ? '0' : '0u'})`
  }
  if (from === 'f32') return `f_to_${to}(${a})`
  return `${to}(${a})`
}

function bitcast(a: string, value: Value & { kind: 'bitcast' }): string {
  if (value.type === value.a.type) return a
  // The bits of an infinity or a NaN are no const-expression's value.
  if (value.a.kind === 'const' && value.type === 'f32') return `from_bits(bitcast<u32>(${a}))`
  return `bitcast<${value.type}>(${a})`
}
