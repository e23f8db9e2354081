import { addRecord } from '../../../ops/add.js'
import { castRecord } from '../../../ops/cast.js'
import type { ElementwiseRecord } from '../../../ops/op-record.js'
import type { Expression } from '../../../schedule/program.js'
import { replaceLeaves } from '../../../schedule/replace-leaves.js'

/** Expressions whose indices count on from `starts`; axes behind them are as they were. */
export function shiftIndices(roots: readonly Expression[], starts: readonly number[]): readonly Expression[] {
  return replaceLeaves(roots, (leaf) => {
    const start = leaf.kind === 'index' ? (starts[leaf.axis] ?? 0) : 0
    return leaf.kind === 'index' && start > 0 ? indexFrom(leaf, start) : leaf
  })
}

function indexFrom(node: Expression & { readonly kind: 'index' }, start: number): Expression {
  const [index, first]: readonly Expression[] = [
    { ...node, dtype: 'int32' },
    { kind: 'constant', value: start, dtype: 'int32' },
  ]
  const args = [index as Expression, first as Expression]
  // Added as integers: a float32 holds not every index.
  const sum: Expression = {
    kind: 'apply',
    record: addRecord as ElementwiseRecord,
    attributes: undefined,
    args,
    dtype: 'int32',
  }
  if (node.dtype === 'int32') return sum
  const attributes = { dtype: node.dtype, from: 'int32' }
  return { kind: 'apply', record: castRecord as ElementwiseRecord, attributes, args: [sum], dtype: node.dtype }
}
