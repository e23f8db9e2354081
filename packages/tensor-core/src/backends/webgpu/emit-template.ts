import { KernelTypeError } from '../../errors.js'
import type { BufferRef, KernelCode, KernelFunction } from '../../kernel/value.js'
import type { WgslContext } from '../../wgsl/wgsl-source.js'
import { declarations, emitFunction } from './emit-wgsl.js'
import type { KernelUses } from './kernel-uses.js'
import type { BindingPlan } from './plan-bindings.js'
import { loadElement, loadFour, loadHalfFour, loadWord, parameter, storeElement, storeFour } from './wgsl-accessors.js'
import { identifier, type Scope } from './wgsl-expressions.js'
import { wgslHelpersFor } from './wgsl-helpers.js'
import type { WgslPass } from './wgsl-pass.js'

/** What `WgslPass.declare` gave, with the code that it was declared in. */
export interface DeclaredTemplate {
  readonly code: KernelCode
  readonly buffers: Readonly<Record<string, BufferRef>>
  readonly functions: Readonly<Record<string, KernelFunction>>
}

/** A pass written in WGSL as a shader with entry point `main`; bindings as those of `emitWgsl`. */
export function emitTemplate(
  pass: WgslPass,
  { code, buffers, functions }: DeclaredTemplate,
  uses: KernelUses,
  plan: BindingPlan,
): string {
  const where = `webgpu kernel ${pass.name}`
  const scope: Scope = {
    where,
    code,
    plan,
    unit: null,
    accessors: new Map(),
    template: {
      fours: new Set(Object.entries(buffers).flatMap(([name, buffer]) => (pass.fours.has(name) ? [buffer] : []))),
    },
    functionNames: new Map(),
    temporaries: { count: 0 },
  }
  for (const func of uses.functions) {
    scope.functionNames.set(func, `${identifier(func.name)}_f${scope.functionNames.size}`)
  }
  const known = <T>(of: Readonly<Record<string, T>>, name: string): T => {
    const found = of[name]
    if (found === undefined) throw new KernelTypeError(where, `one of ${Object.keys(of).join(', ')}`, name)
    return found
  }
  const param = (name: string): string => {
    const index = code.params.indexOf(name)
    if (index < 0) throw new KernelTypeError(where, `one of ${code.params.join(', ')}`, name)
    return parameter(index)
  }
  const context: WgslContext = {
    gpu: pass.traits,
    ...pass.signature,
    p: param,
    f: (name) => `bitcast<f32>(${param(name)})`,
    load: (name, index) => loadElement(scope, known(buffers, name), index),
    load4: (name, index) => loadFour(scope, known(buffers, name), index),
    word: (name, index) => loadWord(scope, known(buffers, name), index),
    half4: (name, index) => loadHalfFour(scope, known(buffers, name), index),
    store: (name, index, value) => storeElement(scope, known(buffers, name), index, value),
    store4: (name, index, value) => storeFour(scope, known(buffers, name), index, value),
    call: (name) => scope.functionNames.get(known(functions, name)) as string,
  }
  const {
    workgroupSize,
    declarations: own = '',
    body,
    usesSubgroups,
    subgroupSize,
    directives = [],
  } = pass.source.text(context)
  const helpers = uses.functions.map((func) => emitFunction(scope, func)).join('')
  const builtins = [
    '@builtin(workgroup_id) workgroup: vec3<u32>',
    '@builtin(num_workgroups) workgroups: vec3<u32>',
    '@builtin(local_invocation_index) local: u32',
    ...(usesSubgroups ? ['@builtin(subgroup_invocation_id) lane: u32', '@builtin(subgroup_size) lanes: u32'] : []),
  ]
  const sized = subgroupSize === undefined ? '' : ` @subgroup_size(${subgroupSize})`
  const main = `@compute @workgroup_size(${workgroupSize})${sized}
fn main(
  ${builtins.join(',\n  ')}
) {
  let lid = i32(local);
  let group = i32(workgroup.x + workgroup.y * workgroups.x);
  if (group >= ${param('groups')}) { return; }
${body}
}
`
  const rest = [...scope.accessors.values()].join('') + helpers + own + main
  const needed = [
    ...(usesSubgroups ? ['enable subgroups'] : []),
    ...(sized ? ['enable subgroup_size_control'] : []),
    ...directives,
  ]
  return `${declarations(code, plan, rest, needed)}\n${wgslHelpersFor(rest)}${rest}`
}
