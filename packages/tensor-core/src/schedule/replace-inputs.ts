import type { Expression } from './program.js'

export type InputExpression = Extract<Expression, { kind: 'input' }>

/** Expressions with each of their inputs replaced by what `replace` gives for it; shared nodes stay shared. */
export function replaceInputs(
  roots: readonly Expression[],
  replace: (input: InputExpression) => Expression,
): Expression[] {
  const done = new Map<Expression, Expression>()
  const visit = (node: Expression): Expression => {
    const known = done.get(node)
    if (known) return known
    const changed: Expression =
      node.kind === 'input' ? replace(node) : node.kind === 'apply' ? { ...node, args: node.args.map(visit) } : node
    done.set(node, changed)
    return changed
  }
  return roots.map(visit)
}
