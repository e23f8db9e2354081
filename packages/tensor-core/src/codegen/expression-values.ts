import { type ComputeType, computeTypeOf, type DType } from '../dtype.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'
import { nodesOf } from '../schedule/expression-nodes.js'
import type { Expression } from '../schedule/program.js'
import type { ParamList } from './param-list.js'

export type Memo = Map<Expression, Value>

/** The axes whose index some expressions read. */
export function indexAxes(nodes: readonly Expression[]): Set<number> {
  return new Set(nodes.flatMap((node) => (node.kind === 'index' ? [node.axis] : [])))
}

/** Lists a parameter for every constant; the result declares them as values of the kernel. */
export function constantParams(nodes: readonly Expression[], params: ParamList): (declared: readonly Value[]) => Memo {
  const places: { node: Expression; type: ComputeType; at: number; value: number }[] = []
  for (const node of nodes) {
    if (node.kind !== 'constant') continue
    const type = computeTypeOf(node.dtype)
    const at =
      type === 'bool'
        ? -1
        : type === 'f32'
          ? params.addFloat('constant', node.value)
          : params.add('constant', node.value)
    places.push({ node, type, at, value: node.value })
  }
  return (declared) =>
    new Map(
      places.map(({ node, type, at, value }) => [
        node,
        at < 0 ? v.bool(value !== 0) : v.bitcast(declared[at] as Value, type),
      ]),
    )
}

/** An int8 or uint8 between two ops wraps as it would in memory; floats stay in float32 until they are stored. */
function wrapped(value: Value, dtype: DType): Value {
  if (dtype === 'int8' && value.type === 'i32') return v.shr(v.shl(value, 24), 24)
  if (dtype === 'uint8' && value.type === 'u32') return v.and(value, 255)
  return value
}

/**
 * The value of `node`, evaluating what `memo` does not hold yet. Everything that another op reads is bound to a name:
 * an op's kernel may use an operand more than once. `leaf` gives inputs and indices.
 */
export function evaluate(k: KernelBuilder, node: Expression, memo: Memo, leaf: (node: Expression) => Value): Value {
  const known = memo.get(node)
  if (known) return known
  let value: Value
  if (node.kind === 'apply') {
    const args = node.args.map((arg) => {
      const operand = k.let(evaluate(k, arg, memo, leaf))
      memo.set(arg, operand)
      return operand
    })
    value = wrapped(node.record.kernel(args, node.attributes, node.dtype), node.dtype)
  } else {
    value = leaf(node)
  }
  value = k.let(value)
  memo.set(node, value)
  return value
}

/** The index along an axis as a value of the node's dtype. */
export function indexValue(index: Value, dtype: DType): Value {
  const type = computeTypeOf(dtype)
  return type === 'u32' ? v.bitcast(index, 'u32') : v.convert(index, type)
}

/**
 * Nodes that `varies` says nothing about and whose operands do not vary either: they are the same along the innermost
 * axis, and are evaluated once outside its loop. Only the outermost such nodes, and only what is used.
 */
export function uniformNodes(
  roots: readonly Expression[],
  varies: (leaf: Expression) => boolean,
): { readonly uniform: readonly Expression[]; readonly varying: ReadonlySet<Expression> } {
  const nodes = nodesOf(roots)
  const varying = new Set<Expression>()
  for (const node of nodes) {
    const does = node.kind === 'apply' ? node.args.some((arg) => varying.has(arg)) : varies(node)
    if (does) varying.add(node)
  }
  const uniform = new Set<Expression>(roots.filter((root) => !varying.has(root)))
  for (const node of nodes) {
    if (!varying.has(node) || node.kind !== 'apply') continue
    for (const arg of node.args) if (!varying.has(arg)) uniform.add(arg)
  }
  return { uniform: [...uniform], varying }
}
