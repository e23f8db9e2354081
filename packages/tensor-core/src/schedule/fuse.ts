import { bytesPerElement, isBlock } from '../dtype.js'
import type { Node } from '../graph/node.js'
import { Tensor } from '../graph/tensor.js'
import type { AssembleRecord, OpaqueRecord, ReduceRecord, ViewRecord } from '../ops/op-record.js'
import { type Shape, sizeOf } from '../shape.js'
import { contiguousView, isContiguous, permuteView, type View } from '../view.js'
import { type GraphSlice, isLeaf } from './graph-slice.js'
import type { Operand } from './program.js'
import {
  addSlot,
  addTemporary,
  copyLaunch,
  type DraftExpression,
  mapLaunch,
  numberOperands,
  type ProgramDraft,
} from './program-builder.js'

/** Operands of one fused kernel; more would not fit a GPU's bindings. */
const MAX_FUSED_OPERANDS = 6
/** Ops in one fused kernel. */
const MAX_FUSED_OPS = 48

/** What a node's output is while launches are emitted: a place in memory, or an expression its consumer takes in. */
type Lowered =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | { readonly kind: 'expression'; readonly expression: DraftExpression; readonly ops: number }

/**
 * Emits the launches of a slice of the graph. The fusion rules, all of them:
 * 1. constants and counters are written into the kernels that use them;
 * 2. an elementwise op whose result has one consumer, itself elementwise or a reduction reading it as it is, becomes part
 *    of that consumer's kernel; not if it is stored in 8 or 16 bits, whose rounding would be lost;
 * 3. views cost nothing where strides can express them, otherwise a copy;
 * 4. what follows a matrix product or a reduction elementwise becomes its epilogue (fuse-epilogues.ts, once States are placed);
 * 5. elementwise kernels that follow one another and share an input become one of several outputs (fuse-siblings.ts);
 * everything else is a launch of its own.
 */
export function fuse<Binding>(
  slice: GraphSlice,
  roots: readonly Tensor[],
  draft: ProgramDraft<Binding>,
  bindLeaf: (node: Node, index: number) => Binding,
): { operandOf(tensor: Tensor): Operand } {
  const lowered = new Map<Node, (Lowered | undefined)[]>()
  const consumers = countConsumers(slice, roots)

  const put = (node: Node, index: number, value: Lowered): void => {
    const entry = lowered.get(node) ?? new Array(node.outputs.length).fill(undefined)
    entry[index] = value
    lowered.set(node, entry)
  }
  const get = (tensor: Tensor): Lowered => {
    const { node, index } = slice.resolve(tensor)
    const known = lowered.get(node)?.[index]
    if (known) return known
    // A leaf's slot is made when the first launch needs it.
    const spec = node.outputs[index] as { shape: Shape; dtype: Tensor['dtype'] }
    const slot = addSlot(draft, spec.dtype, sizeOf(spec.shape), bindLeaf(node, index))
    const operand: Operand = { slot, dtype: spec.dtype, view: contiguousView(spec.shape) }
    put(node, index, { kind: 'operand', operand })
    return { kind: 'operand', operand }
  }
  const materialize = (tensor: Tensor): Operand => {
    const value = get(tensor)
    if (value.kind === 'operand') return value.operand
    const { node, index } = slice.resolve(tensor)
    const output = addTemporary(draft, tensor.dtype, tensor.shape)
    draft.launches.push(mapLaunch(node.label, tensor.shape, value.expression, output))
    put(node, index, { kind: 'operand', operand: output })
    return output
  }
  const toContiguous = (operand: Operand, label: string): Operand => {
    if (isContiguous(operand.view) || isBlock(operand.dtype)) return operand
    const output = addTemporary(draft, operand.dtype, operand.view.shape)
    draft.launches.push(copyLaunch(`copy for ${label}`, operand, output))
    return output
  }
  const asExpression = (tensor: Tensor): { expression: DraftExpression; ops: number } => {
    const value = get(tensor)
    return value.kind === 'operand' ? { expression: { kind: 'operand', operand: value.operand }, ops: 0 } : value
  }
  /** Input expressions for one kernel, materialised where together they would be too large. */
  const gather = (inputs: readonly Tensor[]): { args: DraftExpression[]; ops: number } => {
    let parts = inputs.map(asExpression)
    const size = () => numberOperands(parts.map((p) => p.expression)).inputs.length
    const ops = () => parts.reduce((total, p) => total + p.ops, 0)
    for (let i = 0; i < parts.length && (size() > MAX_FUSED_OPERANDS || ops() > MAX_FUSED_OPS); i++) {
      if ((parts[i] as { ops: number }).ops === 0) continue
      parts = parts.map((part, j) =>
        j === i ? { expression: { kind: 'operand', operand: materialize(inputs[i] as Tensor) }, ops: 0 } : part,
      )
    }
    return { args: parts.map((p) => p.expression), ops: ops() }
  }

  const lowerNode = (node: Node): void => {
    const { source } = node
    if (isLeaf(node)) return
    if (source.kind === 'fused') {
      const { definition, attributes } = source
      const inputs = source.inputs.map((x) => {
        const operand = materialize(x)
        return definition.strided ? operand : toContiguous(operand, node.label)
      })
      const outputs = node.outputs.map(({ shape, dtype }) => addTemporary(draft, dtype, shape))
      draft.launches.push({ kind: 'fused', label: node.label, definition, attributes, inputs, outputs })
      outputs.forEach((operand, index) => put(node, index, { kind: 'operand', operand }))
      return
    }
    if (source.kind !== 'op') return
    const { record, attributes, inputs } = source
    const output = node.outputs[0] as { shape: Shape; dtype: Tensor['dtype'] }
    switch (record.kind) {
      case 'source': {
        const expression: DraftExpression =
          record.name === 'iota'
            ? { kind: 'index', axis: (attributes as { axis: number }).axis, dtype: output.dtype }
            : { kind: 'constant', value: (attributes as { value: number }).value, dtype: output.dtype }
        put(node, 0, { kind: 'expression', expression, ops: 0 })
        return
      }
      case 'elementwise': {
        const { args, ops } = gather(inputs)
        const expression: DraftExpression = { kind: 'apply', record, attributes, args, dtype: output.dtype }
        put(node, 0, { kind: 'expression', expression, ops: ops + 1 })
        if (!inlines(node, consumers.get(node) ?? new Set())) materialize(new Tensor(node, 0))
        return
      }
      case 'view': {
        node.outputs.forEach((spec, index) => {
          const input = get(inputs[Math.min(index, inputs.length - 1)] as Tensor)
          if (input.kind === 'expression' && input.expression.kind === 'constant') {
            put(node, index, input)
            return
          }
          put(node, index, {
            kind: 'operand',
            operand: viewOf(record, attributes, index, inputs[0] as Tensor, spec, node.label),
          })
        })
        return
      }
      case 'reduce':
        put(node, 0, {
          kind: 'operand',
          operand: lowerReduce(node, record, attributes as { axes: readonly number[] }, inputs[0] as Tensor),
        })
        return
      case 'assemble':
        put(node, 0, { kind: 'operand', operand: lowerAssemble(node, record, attributes, inputs) })
        return
      case 'opaque':
        lowerOpaque(node, record, attributes, inputs)
    }
  }

  const viewOf = (
    record: ViewRecord,
    attributes: unknown,
    index: number,
    input: Tensor,
    spec: { shape: Shape; dtype: Tensor['dtype'] },
    label: string,
  ): Operand => {
    const operand = materialize(input)
    const view = record.view(operand.view, attributes, index)
    if (view) return { slot: operand.slot, dtype: spec.dtype, view }
    const copy = toContiguous(operand, label)
    return { slot: copy.slot, dtype: spec.dtype, view: record.view(copy.view, attributes, index) as View }
  }

  const lowerReduce = (
    node: Node,
    record: ReduceRecord,
    { axes }: { axes: readonly number[] },
    input: Tensor,
  ): Operand => {
    const { shape } = input
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
    const order = [...kept, ...axes]
    const { args } = gather([input])
    const permuted = new Map<DraftExpression, DraftExpression>()
    const permute = (expression: DraftExpression): DraftExpression => {
      const known = permuted.get(expression)
      if (known) return known
      let result = expression
      if (expression.kind === 'operand') {
        result = {
          kind: 'operand',
          operand: { ...expression.operand, view: permuteView(expression.operand.view, order) },
        }
      } else if (expression.kind === 'index') result = { ...expression, axis: order.indexOf(expression.axis) }
      else if (expression.kind === 'apply') result = { ...expression, args: expression.args.map(permute) }
      permuted.set(expression, result)
      return result
    }
    const { inputs, expressions } = numberOperands([permute(args[0] as DraftExpression)])
    const spec = node.outputs[0] as { shape: Shape; dtype: Tensor['dtype'] }
    const output = addTemporary(draft, spec.dtype, spec.shape)
    draft.launches.push({
      kind: 'reduce',
      label: node.label,
      shape: order.map((axis) => shape[axis] as number),
      reduced: axes.length,
      combine: record.combine,
      inputs,
      expression: expressions[0] as (typeof expressions)[number],
      output,
    })
    return output
  }

  const lowerAssemble = (
    node: Node,
    record: AssembleRecord,
    attributes: unknown,
    inputs: readonly Tensor[],
  ): Operand => {
    const spec = node.outputs[0] as { shape: Shape; dtype: Tensor['dtype'] }
    const output = addTemporary(draft, spec.dtype, spec.shape)
    const sources = inputs.map((x) => asExpression(x).expression)
    const fill = record.fill(attributes)
    if (fill !== undefined) {
      draft.launches.push(
        mapLaunch(node.label, spec.shape, { kind: 'constant', value: fill, dtype: spec.dtype }, output),
      )
    }
    record.pieces(inputs, spec, attributes).forEach((view, i) => {
      const piece: Operand = { slot: output.slot, dtype: spec.dtype, view }
      draft.launches.push(mapLaunch(node.label, view.shape, sources[i] as DraftExpression, piece))
    })
    return output
  }

  const lowerOpaque = (node: Node, record: OpaqueRecord, attributes: unknown, tensors: readonly Tensor[]): void => {
    const inputs = tensors.map((x) => {
      const operand = materialize(x)
      return record.strided ? operand : toContiguous(operand, node.label)
    })
    const outputs = node.outputs.map(({ shape, dtype }) => addTemporary(draft, dtype, shape))
    for (const [output, input] of Object.entries(record.updates ?? {})) {
      const target = outputs[Number(output)] as Operand
      draft.launches.push(copyLaunch(`copy for ${node.label}`, inputs[input] as Operand, target))
    }
    draft.launches.push({ kind: 'op', label: node.label, record, attributes, inputs, outputs })
    outputs.forEach((operand, index) => put(node, index, { kind: 'operand', operand }))
  }

  for (const node of slice.order) lowerNode(node)
  return { operandOf: materialize }
}

/** The nodes that read each node; `null` stands for the caller who asked for it. */
function countConsumers(slice: GraphSlice, roots: readonly Tensor[]): Map<Node, Set<Node | null>> {
  const consumers = new Map<Node, Set<Node | null>>()
  const add = (tensor: Tensor, by: Node | null): void => {
    const { node } = slice.resolve(tensor)
    const set = consumers.get(node)
    if (set) set.add(by)
    else consumers.set(node, new Set([by]))
  }
  for (const node of slice.order) if (!isLeaf(node)) for (const input of node.inputs) add(input, node)
  for (const root of roots) add(root, null)
  return consumers
}

/** Rule 2. */
function inlines(node: Node, consumers: ReadonlySet<Node | null>): boolean {
  if (consumers.size !== 1) return false
  const [consumer] = consumers
  if (consumer?.source.kind !== 'op') return false
  const { dtype } = node.outputs[0] as { dtype: Tensor['dtype'] }
  if (isBlock(dtype) || (dtype !== 'bool' && bytesPerElement(dtype) < 4)) return false
  const { kind } = consumer.source.record
  return kind === 'elementwise' || kind === 'reduce' || kind === 'assemble'
}
