import type { Expression } from './program.js'

export type Leaf = Exclude<Expression, { kind: 'apply' }>

/** Expressions with each leaf replaced by what `replace` gives for it; shared nodes stay shared, untouched ones as they are. */
export function replaceLeaves(roots: readonly Expression[], replace: (leaf: Leaf) => Expression): Expression[] {
  const done = new Map<Expression, Expression>()
  const changed = (node: Expression): Expression => {
    if (node.kind !== 'apply') return replace(node)
    const args = node.args.map(visit)
    return args.every((arg, i) => arg === node.args[i]) ? node : { ...node, args }
  }
  const visit = (node: Expression): Expression => {
    const known = done.get(node) ?? changed(node)
    done.set(node, known)
    return known
  }
  return roots.map(visit)
}
