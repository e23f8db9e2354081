import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { defineWgsl, type WgslBuffer, type WgslContext, type WgslSource } from '../wgsl/wgsl-source.js'
import { rowsOf } from './row-kernel.js'
import { groupsFor, INVOCATIONS, type RowText, rowText, teamOf, teamUsesSubgroups } from './row-team.js'

/** A kernel in which every row of the first input is a team's, and depends on no other row. */
export interface RowsSpec<Attributes, Params extends string, Buffers extends string> {
  /** Parameters beside `rows` and `columns`. */
  readonly params?: Readonly<Record<Params, (attributes: Attributes) => number>>
  readonly buffers: readonly WgslBuffer<Buffers>[]
  /** Buffers that are only touched along rows, through `load` and `store` of the row's text. */
  readonly along: readonly Buffers[]
  /**
   * Declarations, and statements that see `row`, `base` (its first element), `end` and, as parameters, `rows` and `columns`.
   * All of them run in every invocation; `end` is 0 where `row` is none.
   */
  text(
    row: RowText<Buffers>,
    context: WgslContext<Params | 'rows' | 'columns', Buffers>,
  ): { readonly declarations?: string; readonly body: string }
}

export function rowsWgsl<Attributes, Params extends string, Buffers extends string>(
  spec: RowsSpec<Attributes, Params, Buffers>,
): WgslSource<Attributes> {
  const extra = Object.entries(spec.params ?? {}) as [Params, (attributes: Attributes) => number][]
  const rowsIn = ({ inputs }: KernelLaunch<Attributes>) => rowsOf(inputs[0] as KernelOperand)
  return defineWgsl<Attributes, Params | 'rows' | 'columns', Buffers>({
    variant: (launch) => teamOf(launch).variant,
    paramNames: ['rows', 'columns', ...extra.map(([name]) => name)],
    params: (launch) => [...rowsIn(launch), ...extra.map(([, value]) => value(launch.attributes))],
    groups: (launch) => groupsFor(rowsIn(launch)[0], teamOf(launch)),
    buffers: spec.buffers,
    vectors: (launch) => (teamOf(launch).wide === 4 ? spec.along : []),
    text(context) {
      const [lanes, wide] = context.variant.split('x').map(Number) as [number, 1 | 4]
      const team = { lanes, wide, variant: context.variant }
      const row = rowText(context, team)
      const { declarations = '', body } = spec.text(row, context)
      return {
        workgroupSize: INVOCATIONS,
        usesSubgroups: teamUsesSubgroups(context.gpu, team),
        declarations,
        body: `${row.header}
  let row = team;
  let base = row * ${context.p('columns')};
  let end = select(0, ${context.p('columns')}, row < ${context.p('rows')});
${body}`,
      }
    },
  })
}
