import { isBlock } from '../../dtype.js'
import type { HostValue, TensorSpec } from '../../ops/op-record.js'
import { epilogueMap, withoutEpilogue } from '../../schedule/epilogue.js'
import type {
  Expression,
  FusedLaunch,
  Launch,
  MapLaunch,
  Operand,
  OpLaunch,
  ReduceLaunch,
} from '../../schedule/program.js'
import { type Shape, sizeOf } from '../../shape.js'
import type { View } from '../../view.js'
import { accessElements, type ElementAccess, roundToRegister } from './element-access.js'

/** The bytes of each slot, and how floats are stored. */
export interface Memory {
  readonly slots: readonly Uint8Array[]
  readonly floatBytes: 4 | 8
}

/** Runs one launch, element by element: the specification that every other backend is compared with. */
export function runLaunch(launch: Launch, memory: Memory): void {
  switch (launch.kind) {
    case 'map':
      return runMap(launch, memory)
    case 'reduce':
      runReduce(withoutEpilogue(launch), memory)
      return runEpilogue(launch, memory)
    case 'op':
      runOp(withoutEpilogue(launch), memory)
      return runEpilogue(launch, memory)
    case 'fused':
      return refuseFused(launch)
  }
}

function runEpilogue(launch: ReduceLaunch | OpLaunch, memory: Memory): void {
  const map = epilogueMap(launch)
  if (map) runMap(map, memory)
}

function refuseFused({ definition }: FusedLaunch): never {
  throw new Error(`the cpu backend supports no fused kernel, yet the plan holds ${definition.name}`)
}

function access({ slot, dtype }: Operand, memory: Memory): ElementAccess {
  return accessElements(memory.slots[slot] as Uint8Array, dtype, memory.floatBytes)
}

/** Calls `visit` with every index of a shape, in row-major order. The array is reused. */
export function forEachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const size = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (shape[axis] as number)) break
      index[axis] = 0
    }
  }
}

function addressOf(view: View, index: readonly number[]): number {
  let at = view.offset
  for (let axis = 0; axis < view.strides.length; axis++) at += (index[axis] as number) * (view.strides[axis] as number)
  return at
}

function evaluate(
  expression: Expression,
  inputs: readonly number[],
  index: readonly number[],
  floatBytes: 4 | 8,
): number {
  switch (expression.kind) {
    case 'input':
      return inputs[expression.index] as number
    case 'constant':
      return roundToRegister(expression.value, expression.dtype, floatBytes)
    case 'index':
      return index[expression.axis] as number
    case 'apply': {
      const args = expression.args.map((arg) => evaluate(arg, inputs, index, floatBytes))
      return roundToRegister(
        expression.record.reference(args, expression.attributes, expression.dtype),
        expression.dtype,
        floatBytes,
      )
    }
  }
}

function runMap({ shape, inputs, outputs, expressions }: MapLaunch, memory: Memory): void {
  const sources = inputs.map((operand) => access(operand, memory))
  const targets = outputs.map((operand) => access(operand, memory))
  forEachIndex(shape, (index) => {
    const values = inputs.map(({ view }, i) => (sources[i] as ElementAccess).get(addressOf(view, index)))
    // All expressions are evaluated before any is stored: an output may be an input's buffer.
    const results = expressions.map((expression) => evaluate(expression, values, index, memory.floatBytes))
    outputs.forEach(({ view }, i) => {
      targets[i]?.set(addressOf(view, index), results[i] as number)
    })
  })
}

const COMBINE = {
  sum: { identity: () => 0, step: (a: number, b: number) => a + b },
  max: { identity: (float: boolean) => (float ? Number.NEGATIVE_INFINITY : -0x80000000), step: Math.max },
  min: { identity: (float: boolean) => (float ? Number.POSITIVE_INFINITY : 0x7fffffff), step: Math.min },
}

function reduceIdentity({ combine, output }: ReduceLaunch): number {
  const { dtype } = output
  if (combine === 'max' && (dtype === 'uint32' || dtype === 'uint8')) return 0
  if (combine === 'min' && (dtype === 'uint32' || dtype === 'uint8')) return 0xffffffff
  return COMBINE[combine].identity(isBlock(dtype) || dtype.includes('float'))
}

function runReduce(launch: ReduceLaunch, memory: Memory): void {
  const { shape, reduced, inputs, expression, output, combine } = launch
  const outer = shape.slice(0, shape.length - reduced)
  const inner = shape.slice(shape.length - reduced)
  const sources = inputs.map((operand) => access(operand, memory))
  const target = access(output, memory)
  const { step } = COMBINE[combine]
  forEachIndex(outer, (outerIndex) => {
    const index = [...outerIndex, ...inner.map(() => 0)]
    let total = reduceIdentity(launch)
    forEachIndex(inner, (innerIndex) => {
      for (let i = 0; i < reduced; i++) index[outer.length + i] = innerIndex[i] as number
      const values = inputs.map(({ view }, i) => (sources[i] as ElementAccess).get(addressOf(view, index)))
      total = step(total, evaluate(expression, values, index, memory.floatBytes))
    })
    target.set(addressOf(output.view, outerIndex), total)
  })
}

function hostValue(operand: Operand, memory: Memory): HostValue {
  const { dtype, view } = operand
  const { shape } = view
  const values = new Float64Array(sizeOf(shape))
  if (isBlock(dtype)) {
    const decoded = new Float32Array(values.length)
    dtype.decode(
      (memory.slots[operand.slot] as Uint8Array).subarray(0, (values.length / dtype.blockSize) * dtype.bytesPerBlock),
      decoded,
    )
    values.set(decoded)
  } else {
    const source = access(operand, memory)
    forEachIndex(shape, (index, flat) => {
      values[flat] = source.get(addressOf(view, index))
    })
  }
  return { shape, dtype, values }
}

function runOp({ record, attributes, inputs, outputs }: OpLaunch, memory: Memory): void {
  const specs: TensorSpec[] = outputs.map(({ dtype, view }) => ({ dtype, shape: view.shape }))
  const operands = inputs.map((operand) => hostValue(operand, memory))
  // An update starts from what its output holds: the input it names may have become the output's own buffer.
  for (const [output, input] of Object.entries(record.updates ?? {})) {
    operands[input] = hostValue(outputs[Number(output)] as Operand, memory)
  }
  const results = record.reference(operands, attributes, specs)
  outputs.forEach((operand, i) => {
    const values = results[i] as Float64Array
    const { dtype } = operand
    if (isBlock(dtype)) {
      ;(memory.slots[operand.slot] as Uint8Array).set(dtype.encode(Float32Array.from(values)))
      return
    }
    const target = access(operand, memory)
    forEachIndex(operand.view.shape, (index, flat) =>
      target.set(addressOf(operand.view, index), values[flat] as number),
    )
  })
}
