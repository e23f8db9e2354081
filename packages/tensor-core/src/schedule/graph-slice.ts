import type { FusedDefinition } from '../fused/fused-definition.js'
import type { Node } from '../graph/node.js'
import { Tensor } from '../graph/tensor.js'
import type { TensorSpec } from '../ops/op-record.js'
import { type Shape, sameShape } from '../shape.js'
import type { State } from '../state/state.js'

/** What a program needs to know of the world outside of the graph. */
export interface GraphContext {
  /** As `BackendLimits` has it. */
  readonly maxOperands?: number | undefined
  supports(definition: FusedDefinition, inputs: readonly TensorSpec[], attributes: unknown): boolean
  /** The pending value of a State's version, or null if its buffer holds that version. Throws StaleReadError. */
  readState(state: State, version: number, node: Node): Tensor | null
}

/** The nodes that a set of tensors needs, each after its inputs, with everything resolved that costs no kernel. */
export interface GraphSlice {
  readonly order: readonly Node[]
  /** The tensor that really holds a value: behind stopGradient, pending assigns and fallbacks. */
  resolve(tensor: Tensor): Tensor
}

/** A node whose values are there (or will be bound) when the program starts. */
export function isLeaf(node: Node): boolean {
  return (
    node.storage[0] !== undefined ||
    node.source.kind === 'leaf' ||
    node.source.kind === 'placeholder' ||
    node.source.kind === 'state'
  )
}

const waits = ({ source }: Node): boolean => source.kind === 'op' && source.record.name === 'after'

/** Walks the graph from `roots` without recursion (graphs are deeper than the stack) and puts it in order. */
export function sliceGraph(roots: readonly Tensor[], context: GraphContext): GraphSlice {
  const expansions = new Map<Node, readonly Tensor[]>()

  const step = (tensor: Tensor): Tensor | null => {
    const { node, index } = tensor
    if (node.storage[index] !== undefined) return null
    const { source } = node
    if (source.kind === 'state') return context.readState(source.state, source.version, node)
    if (source.kind === 'op') {
      const { record, attributes } = source
      if (record.name === 'stopGradient' || record.name === 'gradientLink') return source.inputs[index] as Tensor
      if (record.name === 'after') return source.inputs[0] as Tensor
      const [input] = source.inputs
      return record.name === 'reshape' && sameShape((attributes as { shape: Shape }).shape, (input as Tensor).shape)
        ? (input as Tensor)
        : null
    }
    if (source.kind === 'fused') {
      let expansion = expansions.get(node)
      if (expansion === undefined) {
        if (context.supports(source.definition, source.inputs, source.attributes)) return null
        const meaning = source.definition.fallback(source.inputs, source.attributes)
        expansion = meaning instanceof Tensor ? [meaning] : meaning
        expansions.set(node, expansion)
      }
      return expansion[index] as Tensor
    }
    return null
  }
  const resolve = (tensor: Tensor): Tensor => {
    let current = tensor
    for (let next = step(current); next !== null; next = step(current)) current = next
    return current
  }

  const order: Node[] = []
  const seen = new Set<Node>()
  const stack: { node: Node; next: number }[] = []
  const push = (tensor: Tensor): void => {
    let current = tensor
    for (let next = step(current); next !== null && !waits(current.node); next = step(current)) current = next
    const { node } = current
    if (seen.has(node)) return
    seen.add(node)
    stack.push({ node, next: 0 })
  }
  for (const root of roots) {
    push(root)
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { node: Node; next: number }
      const inputs = isLeaf(top.node) ? [] : top.node.inputs
      if (top.next < inputs.length) {
        // What `after` waits for stands before what waits.
        const at = waits(top.node) ? inputs.length - 1 - top.next++ : top.next++
        push(inputs[at] as Tensor)
      } else {
        if (!waits(top.node)) order.push(top.node)
        stack.pop()
      }
    }
  }
  return { order, resolve }
}
