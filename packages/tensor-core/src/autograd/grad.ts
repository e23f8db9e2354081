import { dtypeName, isBlock, isFloat } from '../dtype.js'
import { ArgumentError, DTypeError, GraphReleasedError, ShapeError } from '../errors.js'
import { inGradientOf } from '../graph/module-scope.js'
import type { Node } from '../graph/node.js'
import { Tensor } from '../graph/tensor.js'
import { asTensor } from '../graph/tensor-like.js'
import { add } from '../ops/add.js'
import { ones, zerosLike } from '../ops/full.js'
import type { VjpContext } from '../ops/op-record.js'
import { isLeaf } from '../schedule/graph-slice.js'
import { formatShape } from '../shape.js'
import { State } from '../state/state.js'
import { fallbackVjp } from './fallback-vjp.js'
import { recompute } from './recompute.js'

/** What a gradient is taken by. */
export type Wrt = Tensor | State

/** The same tree with a gradient for each leaf. */
export type Gradients<T> = T extends Wrt ? Tensor : { [K in keyof T]: Gradients<T[K]> }

export interface GradOptions {
  /**
   * Activation checkpointing: of what these tensors were computed from, the backward pass keeps only them (and leaves, States
   * and arguments). The rest is computed again from the nearest of them when the backward pass comes to it: memory for time,
   * with the same bits. Chen et al. 2016, arXiv 1604.06174. For a deep model: what goes into each layer. Default: none.
   */
  readonly checkpoints?: readonly Tensor[]
}

/**
 * Gradients of a scalar loss by tensors and States, in the tree they were given in. They are lazy tensors like any other,
 * so gradients of gradients are taken the same way. What the loss does not depend on gets zeros.
 * Throws ShapeError for a loss that is no scalar, GraphReleasedError where the path runs through a realised tensor,
 * ArgumentError for a checkpoint that the loss was not computed from.
 */
export function grad<T>(loss: Tensor, wrt: T, { checkpoints = [] }: GradOptions = {}): Gradients<T> {
  if (loss.size !== 1)
    throw new ShapeError('grad', 'a loss of one element', formatShape(loss.shape), 'Take its sum() or mean().')
  if (!isFloat(loss.dtype)) throw new DTypeError('grad', 'a float loss', dtypeName(loss.dtype))
  const one = ones(loss.shape, isBlock(loss.dtype) ? 'float32' : loss.dtype)
  return vjpOf([[loss, one]], wrt, [], checkpoints)
}

/** The loss of a function and its gradients by the function's argument tree, from one evaluation. */
export function valueAndGrad<T>(fn: (wrt: T) => Tensor): (wrt: T) => { value: Tensor; gradients: Gradients<T> } {
  return (wrt) => {
    const value = fn(wrt)
    return { value, gradients: grad(value, wrt) }
  }
}

/** Gradients of sum(y * cotangent): a vector-Jacobian product for a y of any shape. */
export function vjp<T>(y: Tensor, cotangent: Tensor, wrt: T): Gradients<T> {
  return vjpOf([[y, cotangent]], wrt)
}

/** The same for several results at once; nothing flows on from the tensors in `stopAt`. */
export function vjpOf<T>(
  pairs: readonly (readonly [y: Tensor, cotangent: Tensor])[],
  wrt: T,
  stopAt: readonly Tensor[] = [],
  checkpoints: readonly Tensor[] = [],
): Gradients<T> {
  const targets: Tensor[] = []
  collect(wrt, targets)
  const gradients = backpropagate(pairs, targets, new Set(stopAt.map(({ node }) => node)), checkpoints)
  let next = 0
  return rebuild(wrt, () => {
    const target = targets[next] as Tensor
    return gradients[next++] ?? zerosLike(target)
  }) as Gradients<T>
}

function collect(tree: unknown, into: Tensor[]): void {
  if (tree instanceof Tensor || tree instanceof State) into.push(asTensor(tree))
  else if (Array.isArray(tree)) for (const item of tree) collect(item, into)
  else if (typeof tree === 'object' && tree !== null) for (const item of Object.values(tree)) collect(item, into)
}

function rebuild(tree: unknown, next: () => Tensor): unknown {
  if (tree instanceof Tensor || tree instanceof State) return next()
  if (Array.isArray(tree)) return tree.map((item) => rebuild(item, next))
  if (typeof tree === 'object' && tree !== null) {
    return Object.fromEntries(Object.entries(tree).map(([name, item]) => [name, rebuild(item, next)]))
  }
  return tree
}

/** A cotangent on its way to a node's output. */
interface Contribution {
  readonly output: number
  /** Place in the order of the node that handed it on; the pairs' own come first of all. */
  readonly from: number
  readonly value: Tensor
}

/** Reverse mode: nodes in reverse order, each handing its cotangents on through its rule. */
function backpropagate(
  pairs: readonly (readonly [Tensor, Tensor])[],
  targets: readonly Tensor[],
  stops: ReadonlySet<Node>,
  checkpoints: readonly Tensor[],
): (Tensor | null)[] {
  const roots = pairs.map(([y]) => y)
  const inputsOf = (node: Node) => (isLeaf(node) || stops.has(node) ? [] : node.inputs)
  const order = topologicalOrder(roots, inputsOf)
  const wanted = reaching(order, targets, inputsOf)
  checkReleased(roots, order, targets)
  checkCheckpoints(checkpoints, order)
  const again = checkpoints.length === 0 ? null : recompute(order, checkpoints, [...targets, ...roots], inputsOf)

  const arriving = new Map<Node, Contribution[]>()
  const send = ({ node, index }: Tensor, value: Tensor, from: number): void => {
    const list = arriving.get(node) ?? []
    list.push({ output: index, from, value })
    arriving.set(node, list)
  }
  const summed = new Map<Node, (Tensor | null)[]>()
  /** To be asked for once all have arrived. Sums go in the order without checkpoints, for the same bits. */
  const cotangentsOf = (node: Node): readonly (Tensor | null)[] => {
    const known = summed.get(node)
    if (known) return known
    const sums = new Array<Tensor | null>(node.outputs.length).fill(null)
    for (const { output, value } of (arriving.get(node) ?? []).sort((a, b) => b.from - a.from)) {
      const sum = sums[output]
      sums[output] = sum ? add(sum, value) : value
    }
    summed.set(node, sums)
    return sums
  }
  for (const [y, cotangent] of pairs) if (wanted.has(y.node)) send(y, cotangent, order.length)

  const places = new Map(order.map((node, i) => [node, i]))
  for (const node of [...(again?.order ?? order)].reverse()) {
    if (!arriving.has(node) || !inputsOf(node).some((input) => wanted.has(input.node))) continue
    const dys = cotangentsOf(node)
    /** Where the rule finds what the forward pass computed. */
    const value = (tensor: Tensor) => (again ? again.standIn(tensor, node, dys, cotangentsOf) : tensor)
    const context = contextOf(node, dys, value)
    inGradientOf(node.label, () => inputGradients(node, context)).forEach((gradient, j) => {
      const input = node.inputs[j] as Tensor
      if (gradient && wanted.has(input.node) && isFloat(input.dtype)) send(input, gradient, places.get(node) as number)
    })
  }
  return targets.map(({ node, index }) => cotangentsOf(node)[index] ?? null)
}

// biome-ignore lint/suspicious/noExplicitAny: a node's attributes are of its own record's type
type AnyContext = VjpContext<any>

/** What a node's rule is told. */
function contextOf(node: Node, cotangents: readonly (Tensor | null)[], value: (tensor: Tensor) => Tensor): AnyContext {
  return {
    inputs: node.inputs.map(value),
    outputs: node.outputs.map((_, index) => value(new Tensor(node, index))),
    cotangents,
    attributes: 'attributes' in node.source ? node.source.attributes : undefined,
    get dy() {
      return cotangents[0] ?? zerosLike(node.outputs[0] as { shape: readonly number[]; dtype: 'float32' })
    },
  }
}

function inputGradients({ source }: Node, context: AnyContext): readonly (Tensor | null)[] {
  if (source.kind === 'op') return source.record.vjp ? source.record.vjp(context) : source.inputs.map(() => null)
  if (source.kind !== 'fused') return []
  return source.definition.vjp ? source.definition.vjp(context) : fallbackVjp(source.definition, context)
}

/** Nodes behind `roots`, inputs first; the search stops at leaves. */
function topologicalOrder(roots: readonly Tensor[], inputsOf: (node: Node) => readonly Tensor[]): Node[] {
  const order: Node[] = []
  const seen = new Set<Node>()
  const stack: { node: Node; next: number }[] = []
  const push = (node: Node) => {
    if (seen.has(node)) return
    seen.add(node)
    stack.push({ node, next: 0 })
  }
  for (const { node: root } of roots) {
    push(root)
    for (let top = stack[stack.length - 1]; top; top = stack[stack.length - 1]) {
      const input = inputsOf(top.node)[top.next++]
      if (input) push(input.node)
      else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}

/** The nodes from which a target is reached through float inputs. */
function reaching(
  order: readonly Node[],
  targets: readonly Tensor[],
  inputsOf: (node: Node) => readonly Tensor[],
): ReadonlySet<Node> {
  const wanted = new Set(targets.map((target) => target.node))
  for (const node of order) if (inputsOf(node).some((input) => wanted.has(input.node))) wanted.add(node)
  return wanted
}

function checkCheckpoints(checkpoints: readonly Tensor[], order: readonly Node[]): void {
  if (checkpoints.length === 0) return
  const behind = new Set(order)
  for (const { node, shape } of checkpoints) {
    if (behind.has(node)) continue
    throw new ArgumentError(
      'grad',
      'checkpoints that the loss was computed from',
      `one of shape ${formatShape(shape)} (${node.label}) that it was not`,
      'Collect them in the forward pass that gave this loss.',
    )
  }
}

function checkReleased(roots: readonly Tensor[], order: readonly Node[], targets: readonly Tensor[]): void {
  const wanted = new Set(targets.map(({ node }) => (node.source.kind === 'state' ? -node.source.state.id : node.id)))
  const own = new Set(targets.map(({ node }) => node))
  for (const node of order) {
    if (!node.released || own.has(node)) continue
    const isRoot = roots.some((root) => root.node === node)
    if (!isRoot && ![...node.released].some((id) => wanted.has(id))) continue
    throw new GraphReleasedError(
      'grad',
      'a graph from the loss to what the gradient is taken by',
      `a realised tensor on the way (${node.label}), whose sources were dropped`,
      'Take grad first, then realize(loss, ...gradients) together.',
    )
  }
}
