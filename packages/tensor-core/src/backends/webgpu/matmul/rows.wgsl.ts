import type { MatmulProblem } from '../../../codegen/matmul-problem.js'
import { reduceWorkgroup } from '../../../wgsl/reduce-workgroup.js'
import { defineWgsl, type WgslSource } from '../../../wgsl/wgsl-source.js'
import { batchBases, batchesOf, type MatmulLaunch } from './matmul-launch.js'
import { byFours } from './panel-layout.js'
import { type RowsShape, rowsName } from './rows-shapes.js'

/** Up to so many rows of A the memory sets the pace: B is read once. */
const MOST_ROWS = 4

/** Few rows times a matrix stored [N, K], a Linear layer's weight: both lie along K. */
export function takesRows({ m, a, b }: MatmulProblem): boolean {
  return m <= MOST_ROWS && a.column === 1 && b.row === 1
}

/**
 * One to four rows times a matrix stored [N, K]: a workgroup one or a few rows of B, which its invocations walk by turns and
 * sum up together. The naive version is the kernel of `ops/matmul.ts`.
 */
export function rowsTimesMatrix(launch: MatmulLaunch, shape: RowsShape): WgslSource {
  const { invocations, columns } = shape
  const { problem } = launch
  const { m, n, k, a, b } = problem
  const fours =
    byFours(a, 'depth', { depth: a.column, side: a.row }, { depth: k, side: m }) &&
    byFours(b, 'depth', { depth: b.row, side: b.column }, { depth: k, side: n })
  return defineWgsl({
    variant: (_, gpu) => `${rowsName(shape)}|${m}|${fours}|${gpu.subgroups}|${launch.epilogueKey}`,
    paramNames: [...launch.paramNames, 'across'],
    params: () => [...launch.params, Math.ceil(n / columns)],
    groups: () => batchesOf(problem) * Math.ceil(n / columns),
    buffers: launch.buffers,
    vectors: () => (fours ? ['a', 'b'] : []),
    functions: launch.functions,
    text({ p, load, load4, store, call, gpu }) {
      const rows = [...Array(m).keys()]
      const across = [...Array(columns).keys()]
      const sum = reduceWorkgroup('sum', invocations, gpu)
      const step = fours ? 4 : 1
      const read = (name: 'a' | 'b', at: string): string => (fours ? load4(name, at) : load(name, at))
      const add = (left: string, right: string, to: string): string =>
        fours ? `${to} += dot(${left}, ${right});` : `${to} = fma(${left}, ${right}, ${to});`
      const each = (of: (row: number, column: number) => string): string =>
        rows.flatMap((row) => across.map((column) => of(row, column))).join('\n')
      const finish = (row: number, i: number): string => {
        const result = launch.epilogueKey ? `${call('finish')}(total${row}_${i}, at, column)` : `total${row}_${i}`
        const stored = store('y', 'at', result)
        return `    { let column = column0 + ${i}; let at = cBase + ${row} * ${p('cRow')} + column; if (column < ${p('n')}) { ${stored} } }`
      }
      // Beyond the last row of B the last one is read again, and nothing stored.
      return {
        workgroupSize: invocations,
        usesSubgroups: gpu.subgroups,
        declarations: sum.declarations,
        body: `  let column0 = (group % ${p('across')}) * ${columns};${batchBases(p, `group / ${p('across')}`)}
${across.map((i) => `  let bRow${i} = bBase + min(column0 + ${i}, ${p('n')} - 1) * ${p('bColumn')};`).join('\n')}
${each((row, i) => `  var sum${row}_${i} = 0.0;`)}
  for (var d = lid * ${step}; d < ${p('k')}; d += ${invocations * step}) {
${across.map((i) => `    let right${i} = ${read('b', `bRow${i} + d`)};`).join('\n')}
${rows.map((row) => `    let left${row} = ${read('a', `aBase + ${row} * ${p('aRow')} + d`)};`).join('\n')}
${each((row, i) => `    ${add(`left${row}`, `right${i}`, `sum${row}_${i}`)}`)}
  }
${each((row, i) => sum.statements(`sum${row}_${i}`, `total${row}_${i}`))}
  if (lid == 0) {
${each(finish)}
  }`,
      }
    },
  })
}
