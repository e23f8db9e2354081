import type { Expression } from './program.js'

/** Every node of some expressions once, operands before the nodes that use them. */
export function nodesOf(roots: readonly Expression[]): Expression[] {
  const seen = new Set<Expression>()
  const order: Expression[] = []
  const visit = (node: Expression): void => {
    if (seen.has(node)) return
    seen.add(node)
    if (node.kind === 'apply') node.args.forEach(visit)
    order.push(node)
  }
  roots.forEach(visit)
  return order
}
