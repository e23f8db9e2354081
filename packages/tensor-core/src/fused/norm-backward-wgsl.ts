import { floatBits } from '../float-bits.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { defineWgsl, type WgslContext } from '../wgsl/wgsl-source.js'
import { chunksOf } from './column-sums.js'
import type { GpuKernelSource } from './fused-definition.js'
import { joinPartials } from './join-partials.wgsl.js'
import { rowsOf } from './row-kernel.js'
import { rowParts } from './row-parts.js'
import { groupsFor, INVOCATIONS, type RowTeam, type RowText, rowText, teamOf, teamUsesSubgroups } from './row-team.js'

type Attributes = { readonly eps: number }
type Buffers = 'x' | 'weight' | 'dy' | 'dx' | 'dWeight' | 'dBias' | 'partials'
type Params = 'parts' | 'perPart' | 'rows' | 'columns' | 'eps'

/** Pieces of a row whose sums an invocation holds in registers; longer rows are left to the naive kernels. */
const MOST_STEPS = 16
/** As many as a kernel is made for. Single elements are few registers, and their rows rare: a step that is not taken costs little. */
const STEPS = { 1: [4, 16], 4: [1, 2, 4, 8, 16] } as const

export interface NormBackwardText {
  readonly declarations: string
  /** Statements that find what is common to a row, at `base`, from `count` columns. */
  readonly row: string
  /** `values`, `gradient` and `weighted` of a piece of the row are bound: the piece of dx, and of each sum over the rows. */
  readonly dx: string
  readonly terms: readonly string[]
}

/**
 * The passes of a norm's backward for inputs x, weight and dy: a team takes a part of the rows, one after the other, gives dx
 * and keeps its columns' sums in registers; a second pass joins those of the parts. The order of every sum follows from the
 * shape. `naive`: the first pass for rows that are too long.
 */
export function normBackwardWgsl(
  sums: readonly ('dWeight' | 'dBias')[],
  text: (row: RowText<Buffers>, context: WgslContext<Params, Buffers>) => NormBackwardText,
  naive: KernelSource<Attributes>,
): readonly GpuKernelSource<Attributes>[] {
  const stepsOf = (launch: KernelLaunch<Attributes>): number => {
    const { lanes, wide } = teamOf(launch)
    const [, columns] = rowsOf(launch.inputs[0] as KernelOperand)
    const steps = Math.ceil(columns / (lanes * wide))
    return STEPS[wide].find((most) => steps <= most) ?? steps
  }
  const fits = (launch: KernelLaunch<Attributes>): boolean => stepsOf(launch) <= MOST_STEPS
  const rowsPass = defineWgsl<Attributes, Params, Buffers>({
    applies: fits,
    variant: (launch) => `${teamOf(launch).variant}x${stepsOf(launch)}`,
    paramNames: ['parts', 'perPart', 'rows', 'columns', 'eps'],
    params(launch) {
      const { parts, perPart } = rowParts(launch)
      return [parts, perPart, ...rowsOf(launch.inputs[0] as KernelOperand), floatBits(launch.attributes.eps)]
    },
    groups: (launch) => groupsFor(rowParts(launch).parts, teamOf(launch)),
    workspace: (launch) => 4 * sums.length * rowParts(launch).parts * rowsOf(launch.inputs[0] as KernelOperand)[1],
    buffers: [
      { name: 'x', access: 'read' },
      { name: 'weight', access: 'read' },
      { name: 'dy', access: 'read' },
      { name: 'dx', access: 'write' },
      ...sums.map((name) => ({ name, access: 'write' as const })),
      { name: 'partials', access: 'write' },
    ],
    vectors: (launch) => (teamOf(launch).wide === 4 ? ['x', 'weight', 'dy', 'dx', 'partials'] : []),
    text(context) {
      const { p, gpu } = context
      const [lanes, wide, steps] = context.variant.split('x').map(Number) as [number, 1 | 4, number]
      const team: RowTeam = { lanes, wide, variant: context.variant }
      const row = rowText(context, team)
      const { declarations, row: common, dx, terms } = text(row, context)
      const pieces = [...Array(steps).keys()]
      const piece = (j: number): string => `let column = (place + ${j * lanes}) * ${wide};`
      const add = (j: number): string => `    {
      ${piece(j)}
      if (column < end) {
        let values = ${row.load('x', 'base + column')};
        let gradient = ${row.load('dy', 'base + column')};
        let weighted = gradient * ${row.load('weight', 'column')};
        ${row.store('dx', 'base + column', dx)}
        ${terms.map((term, i) => `sum${i}_${j} += ${term};`).join('\n        ')}
      }
    }`
      const write = (j: number): string => `    {
      ${piece(j)}
      if (column < ${p('columns')}) {
        ${terms.map((_, i) => row.store('partials', `(${i} * ${p('parts')} + team) * ${p('columns')} + column`, `sum${i}_${j}`)).join('\n        ')}
      }
    }`
      return {
        workgroupSize: INVOCATIONS,
        usesSubgroups: teamUsesSubgroups(gpu, team),
        declarations,
        body: `${row.header}
  let count = f32(${p('columns')});
${pieces.map((j) => `  ${terms.map((_, i) => `var sum${i}_${j} = ${row.type}(0.0);`).join(' ')}`).join('\n')}
  for (var r = 0; r < ${p('perPart')}; r++) {
    let row = team * ${p('perPart')} + r;
    let base = row * ${p('columns')};
    let end = select(0, ${p('columns')}, row < ${p('rows')});
${common}
${pieces.map(add).join('\n')}
  }
  if (team < ${p('parts')}) {
${pieces.map(write).join('\n')}
  }`,
      }
    },
  })
  const partsOf = (launch: KernelLaunch<Attributes>): number =>
    fits(launch) ? rowParts(launch).parts : chunksOf(rowsOf(launch.inputs[0] as KernelOperand)[0])
  return [
    rowsPass,
    { ...naive, applies: (launch: KernelLaunch<Attributes>) => !fits(launch) },
    joinPartials<Attributes>(3, 1 + sums.length, 1, partsOf),
  ]
}
