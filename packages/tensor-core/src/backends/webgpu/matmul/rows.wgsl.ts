import type { MatmulProblem } from '../../../codegen/matmul-problem.js'
import { reduceWorkgroup } from '../../../wgsl/reduce-workgroup.js'
import { defineWgsl, type WgslSource } from '../../../wgsl/wgsl-source.js'
import { batchBases, batchesOf, type MatmulLaunch } from './matmul-launch.js'

/** Up to so many rows of A the memory sets the pace: B is read once. */
const MOST_ROWS = 4
const INVOCATIONS = 64

/** Few rows times a matrix stored [N, K], a Linear layer's weight: both lie along K. */
export function takesRows({ m, a, b }: MatmulProblem): boolean {
  return m <= MOST_ROWS && a.column === 1 && b.row === 1
}

/**
 * One to four rows times a matrix stored [N, K]: a workgroup a row of B, which its invocations walk by turns and sum up
 * together. The naive version is the kernel of `ops/matmul.ts`.
 */
export function rowsTimesMatrix(launch: MatmulLaunch): WgslSource {
  const { problem } = launch
  const { m, n, k, a, b } = problem
  const aligned = (operand: typeof a, ...others: number[]): boolean =>
    [operand.offset, ...operand.batch, ...others].every((stride) => stride % 4 === 0)
  const fours = k % 4 === 0 && aligned(a, m > 1 ? a.row : 0) && aligned(b, b.column)
  return defineWgsl({
    variant: (_, gpu) => `${m}|${fours}|${gpu.subgroups}|${launch.epilogueKey}`,
    paramNames: launch.paramNames,
    params: () => launch.params,
    groups: () => batchesOf(problem) * n,
    buffers: launch.buffers,
    vectors: () => (fours ? ['a', 'b'] : []),
    functions: launch.functions,
    text({ p, load, load4, store, call, gpu }) {
      const rows = [...Array(m).keys()]
      const sum = reduceWorkgroup('sum', INVOCATIONS, gpu)
      const step = fours ? 4 : 1
      const at = (row: number): string => `aBase + ${row} * ${p('aRow')} + d`
      const terms = rows.map((row) =>
        fours
          ? `sum${row} += dot(${load4('a', at(row))}, right);`
          : `sum${row} = fma(${load('a', at(row))}, right, sum${row});`,
      )
      const finish = (row: number): string => {
        const result = launch.epilogueKey ? `${call('finish')}(total${row}, at, column)` : `total${row}`
        return `{ let at = cBase + ${row} * ${p('cRow')} + column; ${store('y', 'at', result)} }`
      }
      return {
        workgroupSize: INVOCATIONS,
        usesSubgroups: gpu.subgroups,
        declarations: sum.declarations,
        body: `  let column = group % ${p('n')};${batchBases(p, `group / ${p('n')}`)}
  let bRow = bBase + column * ${p('bColumn')};
${rows.map((row) => `  var sum${row} = 0.0;`).join('\n')}
  for (var d = lid * ${step}; d < ${p('k')}; d += ${INVOCATIONS * step}) {
    let right = ${fours ? load4('b', 'bRow + d') : load('b', 'bRow + d')};
    ${terms.join('\n    ')}
  }
${rows.map((row) => sum.statements(`sum${row}`, `total${row}`)).join('\n')}
  if (lid == 0) {
    ${rows.map(finish).join('\n    ')}
  }`,
      }
    },
  })
}
