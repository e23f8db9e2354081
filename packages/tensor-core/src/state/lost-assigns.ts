import type { Tensor } from '../graph/tensor.js'
import type { PendingAssign } from './pending-assign.js'

/**
 * Of the assigns of a device that no program has run, those that none can run any more because its backend was lost: their
 * values need buffers of it, directly or through one another. Those of host values alone can still run on the next.
 */
export function lostAssigns(pending: readonly PendingAssign[]): ReadonlySet<PendingAssign> {
  const gone = new Set<PendingAssign>()
  const byVersion = new Map(pending.map((assign) => [`${assign.state.id} ${assign.version}`, assign]))
  for (const assign of pending) {
    const needsLost = someSource(assign.value, ({ node, index }) => {
      const { source } = node
      if (source.kind !== 'state') return node.storage[index]?.kind === 'device'
      const earlier = byVersion.get(`${source.state.id} ${source.version}`)
      return earlier ? gone.has(earlier) : source.state.storage !== undefined
    })
    if (needsLost) gone.add(assign)
  }
  return gone
}

/** True if `test` holds for a tensor, or for one that it is computed from. */
function someSource(root: Tensor, test: (tensor: Tensor) => boolean): boolean {
  const seen = new Set([root.node])
  const stack = [root]
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    if (test(tensor)) return true
    for (const input of tensor.node.inputs) {
      // Leaves are looked at output by output.
      if (seen.has(input.node) && input.node.inputs.length > 0) continue
      seen.add(input.node)
      stack.push(input)
    }
  }
  return false
}
