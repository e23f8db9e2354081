import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { reduceWorkgroup } from '../wgsl/reduce-workgroup.js'
import { defineWgsl, type WgslSource } from '../wgsl/wgsl-source.js'
import { INVOCATIONS } from './row-team.js'

/** Columns of a workgroup: a piece of a row that memory gives at once. The other invocations take other parts. */
const COLUMNS = 16

/**
 * The sums of a norm's weights from partial ones in the workspace, [sums, parts, columns]; sum j goes to output `first` + j.
 * `parts`: as the pass before has it.
 */
export function joinPartials<Attributes>(
  inputs: number,
  outputs: number,
  first: number,
  parts: (launch: KernelLaunch<Attributes>) => number,
): WgslSource<Attributes> {
  const sums = outputs - first
  const columnsOf = ({ inputs: [x] }: KernelLaunch<Attributes>): number => (x as KernelOperand).view.shape.at(-1) ?? 1
  const tilesOf = (launch: KernelLaunch<Attributes>): number => Math.ceil(columnsOf(launch) / COLUMNS)
  const unused = Array.from({ length: inputs }, (_, i) => ({ name: `in${i}`, access: 'read' as const, unused: true }))
  const results = Array.from({ length: outputs }, (_, i) => ({
    name: `out${i}`,
    access: 'write' as const,
    unused: i < first,
  }))
  return defineWgsl<Attributes>({
    paramNames: ['parts', 'columns', 'tiles'],
    params: (launch) => [parts(launch), columnsOf(launch), tilesOf(launch)],
    groups: (launch) => sums * tilesOf(launch),
    workspace: (launch) => 4 * sums * parts(launch) * columnsOf(launch),
    buffers: [...unused, ...results, { name: 'partials', access: 'read' }],
    text({ p, load, store, gpu }) {
      const sum = reduceWorkgroup('sum', INVOCATIONS, gpu, { across: COLUMNS })
      const writes = Array.from(
        { length: sums },
        (_, j) => `if (which == ${j}) { ${store(`out${first + j}`, 'column', 'total')} }`,
      )
      return {
        workgroupSize: INVOCATIONS,
        declarations: sum.declarations,
        body: `  let which = group / ${p('tiles')};
  let column = (group % ${p('tiles')}) * ${COLUMNS} + lid % ${COLUMNS};
  var own = 0.0;
  if (column < ${p('columns')}) {
    for (var part = lid / ${COLUMNS}; part < ${p('parts')}; part += ${INVOCATIONS / COLUMNS}) {
      own += ${load('partials', `(which * ${p('parts')} + part) * ${p('columns')} + column`)};
    }
  }
${sum.statements('own', 'total')}
  if (lid < ${COLUMNS} && column < ${p('columns')}) {
    ${writes.join('\n    ')}
  }`,
      }
    },
  })
}
