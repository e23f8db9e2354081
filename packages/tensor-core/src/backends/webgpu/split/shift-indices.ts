import { addRecord } from '../../../ops/add.js'
import { castRecord } from '../../../ops/cast.js'
import type { ElementwiseRecord } from '../../../ops/op-record.js'
import type { Expression } from '../../../schedule/program.js'

/** Expressions whose indices count on from `starts`; axes behind them are as they were. */
export function shiftIndices(roots: readonly Expression[], starts: readonly number[]): readonly Expression[] {
  const memo = new Map<Expression, Expression>()
  const visit = (node: Expression): Expression => {
    const known = memo.get(node)
    if (known) return known
    const made = shifted(node)
    memo.set(node, made)
    return made
  }
  const shifted = (node: Expression): Expression => {
    if (node.kind === 'index') {
      const start = starts[node.axis] ?? 0
      return start === 0 ? node : indexFrom(node, start)
    }
    if (node.kind !== 'apply') return node
    const args = node.args.map(visit)
    return args.every((arg, i) => arg === node.args[i]) ? node : { ...node, args }
  }
  return roots.map(visit)
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
