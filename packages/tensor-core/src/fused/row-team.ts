import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { type ReductionOptions, reduceWorkgroup, type WorkgroupReduction } from '../wgsl/reduce-workgroup.js'
import type { GpuTraits, WgslContext } from '../wgsl/wgsl-source.js'
import { rowsOf } from './row-kernel.js'

/*
 * What the WGSL kernels of this folder share. A team of invocations takes a row: neighbours read neighbours, and join what
 * they found by `reduceWorkgroup`. A row that is walked twice comes from the cache the second time.
 */

/** Invocations of a workgroup. */
export const INVOCATIONS = 256
/** Invocations of a team for short rows, so that a row of 8 to 64 elements leaves few of them idle. */
const SHORT_TEAM = 16
/** Columns up to which rows are short. */
const SHORT_ROW = 256

/** How rows of some length are walked. */
export interface RowTeam {
  readonly lanes: number
  /** Elements that an invocation takes at a time: 4 where the columns allow, or 1. */
  readonly wide: 1 | 4
  readonly variant: string
}

export function rowTeam(columns: number): RowTeam {
  const lanes = columns <= SHORT_ROW ? SHORT_TEAM : INVOCATIONS
  const wide = columns % 4 === 0 ? 4 : 1
  return { lanes, wide, variant: `${lanes}x${wide}` }
}

/** The team for the rows of a launch's first input. */
export function teamOf({ inputs }: KernelLaunch): RowTeam {
  return rowTeam(rowsOf(inputs[0] as KernelOperand)[1])
}

/** Workgroups for so many rows. */
export const groupsFor = (rows: number, { lanes }: RowTeam): number => Math.ceil((rows * lanes) / INVOCATIONS)

/** The text of a team's work. */
export interface RowText<Buffers extends string> {
  /** The type of what an invocation takes at a time. */
  readonly type: 'f32' | 'vec4<f32>'
  /** Binds `place` (the invocation's in its team), and `team` (its number). */
  readonly header: string
  load(buffer: Buffers, index: string): string
  store(buffer: Buffers, index: string, value: string): string
  /** body for every `column` of the row that the invocation takes. `end` is the row's length, or 0 where there is no row. */
  each(body: string, end?: string): string
  /** The sum of the elements of a value of `type`. */
  total(value: string): string
  /** A function of a scalar for values of `type`, under this name. */
  map(name: string, scalar: string): string
  reduce(op: 'sum' | 'max', options?: ReductionOptions): WorkgroupReduction
}

export function rowText<Params extends string, Buffers extends string>(
  { load, load4, store, store4, gpu }: WgslContext<Params, Buffers>,
  { lanes, wide }: RowTeam,
): RowText<Buffers> {
  const four = wide === 4
  return {
    type: four ? 'vec4<f32>' : 'f32',
    header: `  let place = lid % ${lanes};
  let team = group * ${INVOCATIONS / lanes} + lid / ${lanes};`,
    load: four ? load4 : load,
    store: four ? store4 : store,
    each: (body, end = 'end') => `  for (var column = place * ${wide}; column < ${end}; column += ${lanes * wide}) {
    ${body}
  }`,
    total: (value) => (four ? `dot(${value}, vec4<f32>(1.0))` : value),
    map: (name, scalar) =>
      four
        ? `fn ${name}(x: vec4<f32>) -> vec4<f32> { return vec4<f32>(${[...'xyzw'].map((lane) => `${scalar}(x.${lane})`).join(', ')}); }\n`
        : `fn ${name}(x: f32) -> f32 { return ${scalar}(x); }\n`,
    reduce: (op, options) => reduceWorkgroup(op, INVOCATIONS, gpu, { team: lanes, ...options }),
  }
}

/** Whether the text of a team's work uses subgroups. */
export const teamUsesSubgroups = (gpu: GpuTraits, { lanes }: RowTeam): boolean => gpu.subgroups && lanes === INVOCATIONS
