import { applyAll } from '../graph/apply.js'
import { Node } from '../graph/node.js'
import { Tensor } from '../graph/tensor.js'
import { afterRecord } from '../ops/after.js'
import { isLeaf } from '../schedule/graph-slice.js'

/** What the backward pass reads in place of what the forward pass computed. */
export interface Recompute {
  /** The nodes in an order, inputs first, in which each segment between checkpoints stays together. */
  readonly order: readonly Node[]
  /**
   * The tensor itself if it is kept, else one that is computed again from what is: once the cotangents of the checkpoints that
   * end the segment of `reader`, and `cotangents`, are there.
   */
  standIn(
    tensor: Tensor,
    reader: Node,
    cotangents: readonly (Tensor | null)[],
    cotangentsOf: (node: Node) => readonly (Tensor | null)[],
  ): Tensor
}

/**
 * Activation checkpointing on the graph. Chen et al. 2016, "Training deep nets with sublinear memory cost", arXiv 1604.06174,
 * algorithm 1. `order`: the nodes behind the loss, inputs first; everything that a checkpoint was computed from is dropped but
 * leaves, States, constants, the checkpoints themselves and `kept`. What the loss computes from the last checkpoints on is not
 * dropped: its backward comes first.
 */
export function recompute(
  order: readonly Node[],
  checkpoints: readonly Tensor[],
  kept: readonly Tensor[],
  inputsOf: (node: Node) => readonly Tensor[],
): Recompute {
  const ends = new Set(checkpoints.map(({ node }) => node))
  const held = new Set([...ends, ...kept.map(({ node }) => node)])
  const dropped = droppedNodes(order, ends, held, inputsOf)
  const segment = new Map<Node, number>()
  const endsOf: Node[][] = []
  for (const node of order) {
    let at = 0
    for (const { node: input } of inputsOf(node)) {
      at = Math.max(at, (segment.get(input) as number) + (ends.has(input) ? 1 : 0))
    }
    segment.set(node, at)
    if (ends.has(node)) endsOf[at] = [...(endsOf[at] ?? []), node]
  }

  const copies = new Map<Node, Node>()
  return {
    order: [...order].sort((a, b) => (segment.get(a) as number) - (segment.get(b) as number)),
    standIn({ node, index }, reader, cotangents, cotangentsOf) {
      if (!dropped.has(node)) return new Tensor(node, index)
      const waits = [
        ...cotangents,
        ...(endsOf[segment.get(reader) as number] ?? []).flatMap((end) => cotangentsOf(end)),
      ].filter((x) => x !== null)
      return new Tensor(copyOf(node, dropped, copies, waits), index)
    },
  }
}

/** What a checkpoint was computed from, as far as it takes memory and is not held. */
function droppedNodes(
  order: readonly Node[],
  ends: ReadonlySet<Node>,
  held: ReadonlySet<Node>,
  inputsOf: (node: Node) => readonly Tensor[],
): ReadonlySet<Node> {
  const before = new Set<Node>()
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as Node
    if (ends.has(node) || before.has(node)) for (const input of inputsOf(node)) before.add(input.node)
  }
  const constant = ({ source }: Node): boolean => source.kind === 'op' && source.record.kind === 'source'
  return new Set([...before].filter((node) => !held.has(node) && !isLeaf(node) && !constant(node)))
}

/** The node once more, and whatever of its sources is dropped and has no copy yet, all after `waits`. */
function copyOf(root: Node, dropped: ReadonlySet<Node>, copies: Map<Node, Node>, waits: readonly Tensor[]): Node {
  const late = new Map<string, Tensor>()
  const afterWaits = (tensor: Tensor): Tensor => {
    const name = `${tensor.node.id} ${tensor.index}`
    const known = late.get(name)
    if (known) return known
    const [result] = applyAll(afterRecord, [tensor, ...waits], undefined)
    late.set(name, result as Tensor)
    return result as Tensor
  }
  const stack = [root]
  while (stack.length > 0) {
    const node = stack[stack.length - 1] as Node
    const missing = copies.has(node)
      ? []
      : node.inputs.map((input) => input.node).filter((input) => dropped.has(input) && !copies.has(input))
    if (missing.length > 0) {
      stack.push(...missing)
      continue
    }
    stack.pop()
    const { source } = node
    if (copies.has(node) || (source.kind !== 'op' && source.kind !== 'fused')) continue
    const inputs = source.inputs.map((input) => {
      const copy = copies.get(input.node)
      return copy ? new Tensor(copy, input.index) : afterWaits(input)
    })
    copies.set(node, new Node({ ...source, inputs }, node.outputs, node.device, node.label))
  }
  return copies.get(root) as Node
}
