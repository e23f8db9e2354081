import { byteLengthOf, type DType, isBlock } from '../dtype.js'
import { type Shape, sizeOf } from '../shape.js'
import { contiguousView, type View } from '../view.js'
import type { Expression, Launch, MapLaunch, Operand } from './program.js'

/** A slot while the program is put together. `bound` names what will be bound to it; undefined for temporaries. */
export interface DraftSlot<Binding> {
  readonly dtype: DType
  readonly size: number
  bound: Binding | undefined
}

/** A scalar expression whose leaves are operands; `finishMap` numbers them. */
export type DraftExpression =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | Exclude<Expression, { kind: 'input' } | { kind: 'apply' }>
  | (Omit<Extract<Expression, { kind: 'apply' }>, 'args'> & { readonly args: readonly DraftExpression[] })

/** A program being built: slots and launches in order. */
export interface ProgramDraft<Binding> {
  readonly slots: DraftSlot<Binding>[]
  readonly launches: Launch[]
}

export function addSlot<Binding>(draft: ProgramDraft<Binding>, dtype: DType, size: number, bound?: Binding): number {
  draft.slots.push({ dtype, size, bound })
  return draft.slots.length - 1
}

/** A new temporary as a contiguous operand. */
export function addTemporary<Binding>(draft: ProgramDraft<Binding>, dtype: DType, shape: Shape): Operand {
  return { slot: addSlot(draft, dtype, sizeOf(shape)), dtype, view: contiguousView(shape) }
}

/** Turns an expression over operands into one over numbered inputs, each operand once. */
export function numberOperands(roots: readonly DraftExpression[]): { inputs: Operand[]; expressions: Expression[] } {
  const inputs: Operand[] = []
  const done = new Map<DraftExpression, Expression>()
  const indexOf = (operand: Operand): number => {
    const known = inputs.findIndex((other) => sameOperand(other, operand))
    return known >= 0 ? known : inputs.push(operand) - 1
  }
  const convert = (draft: DraftExpression): Expression => {
    const known = done.get(draft)
    if (known) return known
    const expression: Expression =
      draft.kind === 'operand'
        ? { kind: 'input', index: indexOf(draft.operand), dtype: draft.operand.dtype }
        : draft.kind === 'apply'
          ? { ...draft, args: draft.args.map(convert) }
          : draft
    done.set(draft, expression)
    return expression
  }
  const expressions = roots.map(convert)
  return { inputs, expressions }
}

/** Whether two operands are the same elements in the same order. */
export function sameOperand(a: Operand, b: Operand): boolean {
  return a.slot === b.slot && sameView(a.view, b.view)
}

function sameView(a: View, b: View): boolean {
  const same = (x: readonly number[], y: readonly number[]) => x.length === y.length && x.every((n, i) => n === y[i])
  return a.offset === b.offset && same(a.shape, b.shape) && same(a.strides, b.strides)
}

export function mapLaunch(label: string, shape: Shape, expression: DraftExpression, output: Operand): MapLaunch {
  return { kind: 'map', label, shape, ...numberOperands([expression]), outputs: [output] }
}

/** A launch that copies one operand to another of the same shape; packed ones byte by byte. */
export function copyLaunch(label: string, from: Operand, to: Operand): MapLaunch {
  const [source, target] = isBlock(from.dtype) ? [asBytes(from), asBytes(to)] : [from, to]
  return mapLaunch(label, target.view.shape, { kind: 'operand', operand: source }, target)
}

/** A packed operand, which is always whole, as what it is stored in. */
function asBytes({ slot, dtype, view }: Operand): Operand {
  return { slot, dtype: 'uint8', view: contiguousView([byteLengthOf(dtype, sizeOf(view.shape))]) }
}

export function inputsOf(launch: Launch): readonly Operand[] {
  return launch.inputs
}

export function outputsOf(launch: Launch): readonly Operand[] {
  return launch.kind === 'reduce' ? [launch.output] : launch.outputs
}
