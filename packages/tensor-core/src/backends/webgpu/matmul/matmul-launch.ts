import { type EpilogueCode, epilogueCode } from '../../../codegen/epilogue-code.js'
import { type MatmulProblem, matmulProblem } from '../../../codegen/matmul-problem.js'
import { type ParamList, paramList } from '../../../codegen/param-list.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'
import { ownInputs } from '../../../schedule/epilogue.js'
import type { Operand, OpLaunch } from '../../../schedule/program.js'
import type { WgslBuffer } from '../../../wgsl/wgsl-source.js'

/** Batch axes of a problem; those that are missing have extent 1. */
const BATCH_AXES = 4

export type MatmulBuffer = 'a' | 'b' | 'y'

/** A matrix product and what follows it, as all of its shaders take them: parameters, buffers, the epilogue's function. */
export interface MatmulLaunch {
  readonly problem: MatmulProblem
  /** Tells epilogues apart; empty without one. */
  readonly epilogueKey: string
  readonly buffers: readonly WgslBuffer[]
  readonly paramNames: readonly string[]
  readonly params: readonly number[]
  /** `finish(value, at, column)`: what is stored for a result; none without an epilogue. */
  functions(
    k: KernelBuilder,
    of: { readonly buffers: Readonly<Record<string, BufferRef>>; readonly params: Readonly<Record<string, Value>> },
  ): Readonly<Record<string, KernelFunction>>
}

export function matmulLaunch(launch: OpLaunch): MatmulLaunch {
  const output = launch.outputs[0] as Operand
  const problem = matmulProblem(ownInputs(launch), output)
  const list: ParamList = paramList()
  const epilogue: EpilogueCode | null = epilogueCode(launch, list)
  const extra = epilogue ? launch.inputs.slice(2).map((_, i) => `extra${i}`) : []
  const epilogueNames = list.values.map((_, i) => `epilogue${i}`)
  const own = ownParams(problem)
  return {
    problem,
    epilogueKey: epilogue?.key ?? '',
    buffers: [
      { name: 'a', access: 'read' },
      { name: 'b', access: 'read' },
      ...extra.map((name) => ({ name, access: 'read' as const })),
      { name: 'y', access: 'write' },
    ],
    paramNames: [...epilogueNames, ...Object.keys(own)],
    params: [...list.values, ...Object.values(own)],
    functions(k, { buffers, params }): Record<string, KernelFunction> {
      if (!epilogue) return {}
      const apply = epilogue.bind(
        k,
        epilogueNames.map((name) => params[name] as Value),
        extra.map((name) => buffers[name] as BufferRef),
      )
      const args = [
        { name: 'value', type: 'f32' },
        { name: 'at', type: 'i32' },
        { name: 'column', type: 'i32' },
      ] as const
      return { finish: k.func('finish', args, (value, at, column) => apply(value as Value, at as Value, 1, column)) }
    },
  }
}

function ownParams({ batch, m, n, k, a, b, c }: MatmulProblem): Record<string, number> {
  const all: Record<string, number> = { m, n, k }
  for (const [name, { offset, row, column }] of Object.entries({ a, b, c })) {
    Object.assign(all, { [`${name}Offset`]: offset, [`${name}Row`]: row, [`${name}Column`]: column })
  }
  const padded = (values: readonly number[], rest: number): number[] => [
    ...new Array(BATCH_AXES - values.length).fill(rest),
    ...values,
  ]
  padded(batch, 1).forEach((extent, axis) => {
    all[`extent${axis}`] = extent
  })
  for (const [name, operand] of Object.entries({ a, b, c })) {
    padded(operand.batch, 0).forEach((stride, axis) => {
      all[`${name}Batch${axis}`] = stride
    })
  }
  return all
}

/** Statements that declare aBase, bBase and cBase: where the operands' matrices of a batch (an i32 expression) start. */
export function batchBases(p: (name: string) => string, batch: string): string {
  const axes = [...Array(BATCH_AXES).keys()].reverse()
  const step = (axis: number): string => `
  {
    let at = rest % ${p(`extent${axis}`)};
    rest = rest / ${p(`extent${axis}`)};
    ${['a', 'b', 'c'].map((name) => `${name}Base += at * ${p(`${name}Batch${axis}`)};`).join('\n    ')}
  }`
  return `
  var rest = ${batch};
  ${['a', 'b', 'c'].map((name) => `var ${name}Base = ${p(`${name}Offset`)};`).join('\n  ')}${axes.map(step).join('')}`
}

export const batchesOf = ({ batch }: MatmulProblem): number => batch.reduce((product, extent) => product * extent, 1)
