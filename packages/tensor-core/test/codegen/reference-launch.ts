import type { ScalarDType } from '../../src/dtype.js'
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../src/float-bits.js'
import type { Expression, Launch, MapLaunch, Operand, ReduceLaunch } from '../../src/schedule/program.js'
import { sizeOf } from '../../src/shape.js'

/** A slot's contents as doubles, and the naive meaning of launches on them: what every test compares with. */
export type SlotValues = Float64Array

export function roundTo(dtype: ScalarDType, value: number): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(value)
    case 'float16':
      return fromFloat16Bits(toFloat16Bits(value))
    case 'bfloat16':
      return fromBfloat16Bits(toBfloat16Bits(value))
    case 'int32':
      return value | 0
    case 'uint32':
      return value >>> 0
    case 'int8':
      return (value << 24) >> 24
    case 'uint8':
      return value & 255
    case 'bool':
      return value ? 1 : 0
  }
}

export function bytesOf(dtype: ScalarDType, values: ArrayLike<number>): Uint8Array {
  const list = Array.from(values)
  const array = {
    float32: () => new Float32Array(list),
    float16: () => new Uint16Array(list.map(toFloat16Bits)),
    bfloat16: () => new Uint16Array(list.map(toBfloat16Bits)),
    int32: () => new Int32Array(list),
    uint32: () => new Uint32Array(list),
    int8: () => new Int8Array(list),
    uint8: () => new Uint8Array(list),
    bool: () => new Uint8Array(list.map((x) => (x ? 1 : 0))),
  }[dtype]()
  return new Uint8Array(array.buffer)
}

export function valuesOf(dtype: ScalarDType, bytes: Uint8Array): Float64Array {
  const buffer = bytes.slice().buffer
  switch (dtype) {
    case 'float32':
      return Float64Array.from(new Float32Array(buffer))
    case 'float16':
      return Float64Array.from(new Uint16Array(buffer), fromFloat16Bits)
    case 'bfloat16':
      return Float64Array.from(new Uint16Array(buffer), fromBfloat16Bits)
    case 'int32':
      return Float64Array.from(new Int32Array(buffer))
    case 'uint32':
      return Float64Array.from(new Uint32Array(buffer))
    case 'int8':
      return Float64Array.from(new Int8Array(buffer))
    default:
      return Float64Array.from(new Uint8Array(buffer))
  }
}

function* indices(shape: readonly number[]): Generator<number[]> {
  const total = sizeOf(shape)
  const index = shape.map(() => 0)
  for (let n = 0; n < total; n++) {
    yield index
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (shape[axis] as number)) break
      index[axis] = 0
    }
  }
}

function place({ view }: Operand, index: readonly number[]): number {
  return view.strides.reduce((sum, stride, axis) => sum + stride * (index[axis] as number), view.offset)
}

function evaluate(
  node: Expression,
  inputs: readonly number[],
  index: readonly number[],
  memo: Map<Expression, number>,
): number {
  const known = memo.get(node)
  if (known !== undefined) return known
  let value: number
  if (node.kind === 'input') value = inputs[node.index] as number
  else if (node.kind === 'constant') value = roundTo(node.dtype as ScalarDType, node.value)
  else if (node.kind === 'index') value = index[node.axis] as number
  else {
    const args = node.args.map((arg) => evaluate(arg, inputs, index, memo))
    const exact = node.record.reference(args, node.attributes, node.dtype)
    const dtype = node.dtype as ScalarDType
    // Between two ops every float stays in float32.
    value = roundTo(dtype === 'float16' || dtype === 'bfloat16' ? 'float32' : dtype, exact)
  }
  memo.set(node, value)
  return value
}

function runMap(launch: MapLaunch, slots: readonly SlotValues[]): void {
  const writes: (() => void)[] = []
  for (const index of indices(launch.shape)) {
    const inputs = launch.inputs.map((input) => (slots[input.slot] as SlotValues)[place(input, index)] as number)
    const memo = new Map<Expression, number>()
    launch.outputs.forEach((output, j) => {
      const value = evaluate(launch.expressions[j] as Expression, inputs, index, memo)
      const at = place(output, index)
      writes.push(() => {
        ;(slots[output.slot] as SlotValues)[at] = roundTo(output.dtype as ScalarDType, value)
      })
    })
  }
  for (const write of writes) write()
}

const LIMITS: Partial<Record<ScalarDType, [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int8: [-128, 127],
  uint8: [0, 255],
  bool: [0, 1],
}

function runReduce(launch: ReduceLaunch, slots: readonly SlotValues[]): void {
  const lead = launch.shape.length - launch.reduced
  const { combine, output } = launch
  const [least, greatest] = LIMITS[output.dtype as ScalarDType] ?? [-Infinity, Infinity]
  const results: [number, number][] = []
  for (const head of indices(launch.shape.slice(0, lead))) {
    let total = combine === 'sum' ? 0 : combine === 'max' ? least : greatest
    for (const tail of indices(launch.shape.slice(lead))) {
      const index = [...head, ...tail]
      const inputs = launch.inputs.map((input) => (slots[input.slot] as SlotValues)[place(input, index)] as number)
      const value = evaluate(launch.expression, inputs, index, new Map())
      total = combine === 'sum' ? total + value : combine === 'max' ? Math.max(total, value) : Math.min(total, value)
    }
    results.push([place(output, head), total])
  }
  for (const [at, total] of results)
    (slots[output.slot] as SlotValues)[at] = roundTo(output.dtype as ScalarDType, total)
}

export function runReference(launch: Launch, slots: readonly SlotValues[]): void {
  if (launch.kind === 'map') runMap(launch, slots)
  else if (launch.kind === 'reduce') runReduce(launch, slots)
  else throw new Error(`no reference for a ${launch.kind} launch`)
}
