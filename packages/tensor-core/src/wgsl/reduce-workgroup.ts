import type { GpuTraits } from './wgsl-source.js'

export interface WorkgroupReduction {
  readonly declarations: string
  /** Statements that bind `result` to the reduction of `value` over the workgroup, the same in every invocation. */
  statements(value: string, result: string): string
}

const JOIN = { sum: (a: string, b: string) => `${a} + ${b}`, max: (a: string, b: string) => `max(${a}, ${b})` }
const SUBGROUP = { sum: 'subgroupAdd', max: 'subgroupMax' }
const START = { sum: '0.0', max: '-3.4028234663852886e38' }

/**
 * A reduction of floats, or of vectors lane by lane, over all invocations of a workgroup: a tree in workgroup memory, or of
 * subgroups first. It holds barriers, so it stands under uniform control flow.
 */
export function reduceWorkgroup(
  op: 'sum' | 'max',
  invocations: number,
  gpu: GpuTraits,
  type: 'f32' | 'vec4<f32>' = 'f32',
): WorkgroupReduction {
  const shared = type === 'f32' ? `${op}Parts` : `${op}PartsOf4`
  const declarations = `var<workgroup> ${shared}: array<${type}, ${invocations}>;\n`
  if (gpu.subgroups) {
    return {
      declarations,
      statements: (value, result) => `  {
    let part = ${SUBGROUP[op]}(${value});
    if (lane == 0u) { ${shared}[local / lanes] = part; }
    workgroupBarrier();
  }
  var ${result} = ${type}(${START[op]});
  for (var part = 0u; part < (${invocations}u + lanes - 1u) / lanes; part++) { ${result} = ${JOIN[op](result, `${shared}[part]`)}; }
  workgroupBarrier();`,
    }
  }
  const steps: string[] = []
  for (let half = invocations / 2; half >= 1; half /= 2) {
    steps.push(
      `  if (lid < ${half}) { ${shared}[lid] = ${JOIN[op](`${shared}[lid]`, `${shared}[lid + ${half}]`)}; }\n  workgroupBarrier();`,
    )
  }
  return {
    declarations,
    statements: (value, result) => `  ${shared}[lid] = ${value};
  workgroupBarrier();
${steps.join('\n')}
  let ${result} = ${shared}[0];
  workgroupBarrier();`,
  }
}
