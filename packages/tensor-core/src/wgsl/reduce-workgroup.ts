import type { GpuTraits } from './wgsl-source.js'

export interface WorkgroupReduction {
  readonly declarations: string
  /** Statements that bind `result` to the reduction of `value` over the team, the same in each of its invocations. */
  statements(value: string, result: string): string
}

export interface ReductionOptions {
  /** Default f32. Vectors are reduced by their elements: several sums at the price of one. */
  readonly type?: 'f32' | 'i32' | 'u32' | 'vec2<f32>' | 'vec3<f32>' | 'vec4<f32>'
  /**
   * Invocations that reduce together: each run of so many, a power of two. Default: the workgroup. Parts of a workgroup go
   * through its memory also where there are subgroups, whose size is known only when the shader runs.
   */
  readonly team?: number
  /** So many teams, interleaved: invocations whose numbers are equal modulo it reduce together. A power of two. Default 1. */
  readonly across?: number
  /** Tells the reductions of one kernel apart. Default: the operation. */
  readonly name?: string
}

type Operation = 'sum' | 'max' | 'min'

const JOIN = {
  sum: (a: string, b: string) => `${a} + ${b}`,
  max: (a: string, b: string) => `max(${a}, ${b})`,
  min: (a: string, b: string) => `min(${a}, ${b})`,
}
const SUBGROUP = { sum: 'subgroupAdd', max: 'subgroupMax', min: 'subgroupMin' }

/**
 * A reduction over all invocations of a workgroup, or over teams of them side by side: a tree in workgroup memory, or of
 * subgroups first. It holds barriers, so it stands under uniform control flow. Floats are finite or, in a sum, what
 * arithmetic makes of them; a maximum that heeds NaN is one of integers (`orderKey`).
 */
export function reduceWorkgroup(
  op: Operation,
  invocations: number,
  gpu: GpuTraits,
  { type = 'f32', team = invocations, across = 1, name = op }: ReductionOptions = {},
): WorkgroupReduction {
  const shared = `${name}Parts`
  const declarations = `var<workgroup> ${shared}: array<${type}, ${invocations}>;\n`
  const whole = team === invocations && across === 1
  if (gpu.subgroups && whole) {
    return {
      declarations,
      statements: (value, result) => `  {
    let part = ${SUBGROUP[op]}(${value});
    if (lane == 0u) { ${shared}[local / lanes] = part; }
    workgroupBarrier();
  }
  var ${result} = ${shared}[0];
  for (var part = 1u; part < (${invocations}u + lanes - 1u) / lanes; part++) { ${result} = ${JOIN[op](result, `${shared}[part]`)}; }
  workgroupBarrier();`,
    }
  }
  const steps: string[] = []
  const place = team === invocations ? 'lid' : `(lid & ${team - 1})`
  for (let half = team / 2; half >= across; half /= 2) {
    steps.push(
      `  if (${place} < ${half}) { ${shared}[lid] = ${JOIN[op](`${shared}[lid]`, `${shared}[lid + ${half}]`)}; }\n  workgroupBarrier();`,
    )
  }
  return {
    declarations,
    statements: (value, result) => `  ${shared}[lid] = ${value};
  workgroupBarrier();
${steps.join('\n')}
  let ${result} = ${shared}[${whole ? '0' : across > 1 ? `lid & ${across - 1}` : `lid - ${place}`}];
  workgroupBarrier();`,
  }
}
