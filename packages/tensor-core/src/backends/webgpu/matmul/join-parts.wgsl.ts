import { defineWgsl, type WgslSource } from '../../../wgsl/wgsl-source.js'
import { batchesOf, type MatmulLaunch } from './matmul-launch.js'
import { storesFours } from './panel-layout.js'

const INVOCATIONS = 128

/**
 * C from `parts` [parts, batch, M, N], sums over parts of K: they are added in order and finished, so that results do not
 * depend on which workgroup was first. C is contiguous.
 */
export function joinParts(launch: MatmulLaunch, parts: number): WgslSource {
  const { problem } = launch
  const { m, n, c } = problem
  const size = batchesOf(problem) * m * n
  const fours = storesFours(c, n)
  const run = fours ? 4 : 1
  return defineWgsl({
    variant: () => `${fours}|${launch.epilogueKey}`,
    paramNames: [...launch.paramNames, 'partCount', 'size'],
    params: () => [...launch.params, parts, size],
    groups: () => Math.ceil(size / (INVOCATIONS * run)),
    buffers: [...launch.buffers, { name: 'parts', access: 'read', dtype: 'float32' }],
    workspace: () => parts * size * 4,
    vectors: () => (fours ? ['y', 'parts'] : []),
    functions: launch.functions,
    text({ p, load, load4, store, store4, call }) {
      const read = (at: string): string => (fours ? load4('parts', at) : load('parts', at))
      const finish = (value: string, i: number): string =>
        launch.epilogueKey ? `${call('finish')}(${value}, to + ${i}, column + ${i})` : value
      const four = `vec4<f32>(${[0, 1, 2, 3].map((i) => finish(`total[${i}]`, i)).join(', ')})`
      return {
        workgroupSize: INVOCATIONS,
        body: `  let at = (group * ${INVOCATIONS} + lid) * ${run};
  if (at < ${p('size')}) {
    var total = ${read('at')};
    for (var part = 1; part < ${p('partCount')}; part++) { total += ${read(`part * ${p('size')} + at`)}; }
    let to = ${p('cOffset')} + at;
    let column = at % ${p('n')};
    ${fours ? store4('y', 'to', four) : store('y', 'to', finish('total', 0))}
  }`,
      }
    },
  })
}
