import { KernelTypeError } from '../../errors.js'
import type { KernelCode, KernelFunction, Statement } from '../../kernel/value.js'
import { type KernelUses, localsOf, valuesOf, walk } from './kernel-uses.js'
import type { BindingPlan } from './plan-bindings.js'
import { packedCount } from './wgsl-accessors.js'
import { Expressions, identifier, localName, type Scope } from './wgsl-expressions.js'
import { wgslHelpersFor } from './wgsl-helpers.js'

/** Invocations of a workgroup: what every WebGPU device allows, and a multiple of every GPU's subgroup. */
export const WORKGROUP_SIZE = 64

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
  return `${declarations(code, plan, rest)}\n${wgslHelpersFor(rest)}${rest}`
}

/** Words of the parameter block: parameters, then offsets of packed buffers and formats, padded to whole vectors. */
export function paramWords(code: KernelCode, plan: BindingPlan): number {
  return Math.max(4, Math.ceil((code.params.length + packedCount(plan) + plan.formats.length) / 4) * 4)
}

/**
 * The parameters' and the storage bindings' declarations for a text, after what they and the shader enable (`directives`). What
 * the text does not touch has no type of its own: the same text is then the same shader, whatever stands there.
 */
export function declarations(
  code: KernelCode,
  plan: BindingPlan,
  text: string,
  directives: readonly string[] = [],
): string {
  const halves = plan.bindings.some(({ element }) => element === 'f16' || element === 'vec4<f16>')
  const lines = [...new Set([...(halves ? ['enable f16'] : []), ...directives])].map((line) => `${line};`)
  lines.push(`// ${code.name}`)
  lines.push(`@group(0) @binding(0) var<uniform> params: array<vec4<i32>, ${paramWords(code, plan) / 4}>;`)
  plan.bindings.forEach((binding, at) => {
    const names = binding.members.map((m) => code.buffers[m]?.name).join(', ')
    const element = new RegExp(`\\bb${at}\\b`).test(text) ? binding.element : 'u32'
    lines.push(`@group(0) @binding(${at + 1}) var<storage, ${binding.access}> b${at}: array<${element}>; // ${names}`)
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

export function emitFunction(scope: Scope, func: KernelFunction): string {
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
