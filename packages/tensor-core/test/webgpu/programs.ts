import type { DType } from '../../src/dtype.js'
import type { KernelBuilder } from '../../src/kernel/kernel-builder.js'
import type { Value } from '../../src/kernel/value.js'
import type { ElementwiseRecord, KernelSource, OpaqueRecord } from '../../src/ops/op-record.js'
import type { Expression, Launch, Operand, OpLaunch, Program, Slot } from '../../src/schedule/program.js'
import { sizeOf } from '../../src/shape.js'
import { contiguousView, type View } from '../../src/view.js'

/** Programs written by hand: what the scheduler would plan, without it. */

export function slot(dtype: DType, size: number, role: Slot['role'] = 'bound', first = 0, last = 0): Slot {
  return { dtype, size, role, first, last }
}

export function program(slots: readonly Slot[], launches: readonly Launch[]): Program {
  return { slots, launches, key: 'by hand' }
}

export function operand(slotIndex: number, dtype: DType, view: View | readonly number[]): Operand {
  return { slot: slotIndex, dtype, view: 'shape' in view ? view : contiguousView(view) }
}

export function input(index: number, dtype: DType): Expression {
  return { kind: 'input', index, dtype }
}

let records = 0

/** An elementwise op that exists for one test. */
export function apply(dtype: DType, args: readonly Expression[], kernel: (...args: Value[]) => Value): Expression {
  const record: ElementwiseRecord = {
    kind: 'elementwise',
    name: `test${records++}`,
    infer: () => {
      throw new Error('not inferred in tests of a backend')
    },
    vjp: null,
    reference: () => Number.NaN,
    kernel: (inputs) => kernel(...inputs),
  }
  return { kind: 'apply', record, attributes: undefined, args, dtype }
}

/** A launch of a kernel of its own. */
export function opLaunch(
  name: string,
  inputs: readonly Operand[],
  outputs: readonly Operand[],
  build: (k: KernelBuilder) => void,
  rest: Partial<KernelSource> = {},
): OpLaunch {
  const record: OpaqueRecord = {
    kind: 'opaque',
    name,
    infer: () => outputs.map(({ dtype, view }) => ({ dtype, shape: view.shape })),
    vjp: null,
    reference: () => [],
    kernel: { params: () => [], build, ...rest },
  }
  return { kind: 'op', label: name, record, attributes: undefined, inputs, outputs }
}

/** Elements of a view, in row-major order of its shape, as indices into its buffer. */
export function elementsOf(view: View): number[] {
  return Array.from({ length: sizeOf(view.shape) }, (_, flat) => {
    let rest = flat
    let at = view.offset
    for (let axis = view.shape.length - 1; axis >= 0; axis--) {
      const extent = view.shape[axis] as number
      at += (rest % extent) * (view.strides[axis] as number)
      rest = Math.floor(rest / extent)
    }
    return at
  })
}
