import { expect, test } from 'vitest'
import { Tensor, tensor } from '../../src/index.js'
import { OP_NAMES } from '../../src/ops/op-table.js'
import { conformanceGroups } from './cases/index.js'

/** Names of the ops in the graph behind some tensors. */
function opsBehind(tensors: readonly Tensor[], into: Set<string>): void {
  const stack = [...tensors]
  const seen = new Set()
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node } = top
    if (seen.has(node)) continue
    seen.add(node)
    if (node.source.kind === 'op') into.add(node.source.record.name)
    stack.push(...node.inputs)
  }
}

/** No arithmetic of their own: `resolve` takes them out of every program. */
const NEVER_RUN = ['stopGradient', 'gradientLink']

test('every op of the table stands in a case', () => {
  const used = new Set<string>(NEVER_RUN)
  for (const { inputs, run } of conformanceGroups.flatMap((group) => group.cases)) {
    const y = run(...inputs.map(({ shape, dtype, values }) => tensor([...values], { shape, dtype })))
    opsBehind(y instanceof Tensor ? [y] : y, used)
  }
  expect(OP_NAMES.filter((name) => !used.has(name))).toEqual([])
})
