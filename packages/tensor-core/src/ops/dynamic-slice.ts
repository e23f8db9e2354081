import { dtypeName, isInteger } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'
import { formatShape, type Shape, sizeOf } from '../shape.js'
import { cast } from './cast.js'
import { checkNoBlocks } from './check-no-blocks.js'
import { checkShape } from './check-shape.js'
import { dynamicUpdateSlice } from './dynamic-update-slice.js'
import { zerosLike } from './full.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'

type Attributes = { readonly shape: Shape }

/** Checks what dynamicSlice and dynamicUpdateSlice have in common: a box that fits, one start an axis. */
export function checkBox(where: string, whole: TensorSpec, box: Shape, starts: TensorSpec): void {
  checkNoBlocks(where, whole.dtype)
  if (starts.dtype !== 'int32') throw new DTypeError(where, 'int32 starts', dtypeName(starts.dtype))
  if (starts.shape.length !== 1 || starts.shape[0] !== whole.shape.length) {
    throw new ShapeError(where, `starts of shape [${whole.shape.length}]`, formatShape(starts.shape))
  }
  checkShape(where, box)
  if (box.length !== whole.shape.length || box.some((n, axis) => n > (whole.shape[axis] as number))) {
    throw new ShapeError(
      where,
      `a box of rank ${whole.shape.length} that fits in ${formatShape(whole.shape)}`,
      formatShape(box),
    )
  }
}

/** Calls `visit(inBox, inWhole)` for the flat index of every element of the box at `starts`, pulled inside the whole. */
export function forBox(
  whole: Shape,
  box: Shape,
  starts: Float64Array,
  visit: (inBox: number, inWhole: number) => void,
): void {
  const size = sizeOf(box)
  for (let at = 0; at < size; at++) {
    let rest = at
    let to = 0
    let stride = 1
    for (let axis = box.length - 1; axis >= 0; axis--) {
      const [n, m] = [whole[axis] as number, box[axis] as number]
      const start = Math.min(Math.max(starts[axis] as number, 0), n - m)
      to += (start + (rest % m)) * stride
      stride *= n
      rest = Math.floor(rest / m)
    }
    visit(at, to)
  }
}

/** Kernel parameters of a box: rows and row length, then [whole, box] an axis. */
export function boxParams(whole: Shape, box: Shape): number[] {
  const last = box[box.length - 1] ?? 1
  return [last === 0 ? 0 : sizeOf(box) / last, last, ...whole.flatMap((n, axis) => [n, box[axis] as number])]
}

/** The kernel loop over a box's rows, or its elements: visit(index in the box, index in the whole, lanes). */
export function buildBox(
  k: KernelBuilder,
  rank: number,
  starts: BufferRef,
  visit: (inBox: Value, inWhole: Value, lanes: number) => void,
): void {
  const [rows, length] = [k.param('rows'), k.param('length')]
  const extents = Array.from({ length: rank }, (_, axis) => [k.param(`whole${axis}`), k.param(`box${axis}`)] as const)
  const placeOf = (row: Value): Value => {
    const base = k.variable(v.i32(0))
    const rest = k.variable(row)
    const stride = k.variable(v.i32(1))
    for (let axis = rank - 1; axis >= 0; axis--) {
      const [n, m] = extents[axis] as readonly [Value, Value]
      const start = v.min(v.max(k.load(starts, axis), 0), v.sub(n, m))
      const index = axis === rank - 1 ? start : v.add(start, v.rem(rest.get(), m))
      base.set(v.add(base.get(), v.mul(index, stride.get())))
      stride.set(v.mul(stride.get(), n))
      if (axis < rank - 1) rest.set(v.div(rest.get(), m))
    }
    return base.get()
  }
  // A GPU's vectors are its invocations: neighbours copy neighbours.
  if (k.target.vectorLanes === 1) {
    k.parallel(v.mul(rows, length), (at) => {
      const row = k.let(v.div(at, length))
      visit(at, k.let(v.add(placeOf(row), v.sub(at, v.mul(row, length)))), 1)
    })
    return
  }
  k.parallel(rows, (row) => {
    const base = placeOf(row)
    const from = k.let(v.mul(row, length))
    k.forVector(0, length, (i, lanes) => visit(v.add(from, i), v.add(base, i), lanes))
  })
}

/** A box whose place is only known when the program runs. */
export const dynamicSliceRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'dynamicSlice',
  moves: [0],
  infer(inputs, { shape }) {
    const [x, starts] = inputs as [TensorSpec, TensorSpec]
    checkBox('dynamicSlice', x, shape, starts)
    return [{ shape, dtype: x.dtype }]
  },
  reference(inputs, { shape }) {
    const [x, starts] = inputs as [HostValue, HostValue]
    const y = new Float64Array(sizeOf(shape))
    forBox(x.shape, shape, starts.values, (inBox, inWhole) => {
      y[inBox] = x.values[inWhole] as number
    })
    return [y]
  },
  kernel: {
    variant: ({ attributes }: KernelLaunch<Attributes>) => `${attributes.shape.length}`,
    params: ({ inputs, attributes }: KernelLaunch<Attributes>) =>
      boxParams(inputs[0]?.view.shape ?? [], attributes.shape),
    build(k, { inputs, variant }) {
      const dtype = inputs[0]?.dtype as 'float32'
      const x = k.buffer('x', dtype, 'read')
      const starts = k.buffer('starts', 'int32', 'read')
      const y = k.buffer('y', dtype, 'write')
      buildBox(k, Number(variant), starts, (inBox, inWhole, lanes) =>
        k.store(y, inBox, lanes === 1 ? k.load(x, inWhole) : k.loadVector(x, inWhole)),
      )
    },
  },
  vjp: ({ dy, inputs: [x, starts] }) => [dynamicUpdateSlice(zerosLike(x as Tensor), dy, starts as Tensor), null],
}

/** The box of `shape` at `starts` (int32 [rank]), pulled inside x where it would stick out. */
export function dynamicSlice(x: TensorLike, starts: TensorLike, shape: Shape): Tensor {
  const at = asTensor(starts)
  if (!isInteger(at.dtype)) throw new DTypeError('dynamicSlice', 'integer starts', dtypeName(at.dtype))
  return apply(dynamicSliceRecord, [asTensor(x), cast(at, 'int32')], { shape })
}
