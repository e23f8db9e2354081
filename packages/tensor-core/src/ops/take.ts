import { computeTypeOf, dtypeName, isBlock, isFloat, isInteger } from '../dtype.js'
import { DTypeError } from '../errors.js'
import { floatBits } from '../float-bits.js'
import { blockTake } from '../fused/block-take.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import { type Shape, sizeOf } from '../shape.js'
import { normalizeAxis } from './axes.js'
import { cast } from './cast.js'
import { checkNoBlocks } from './check-no-blocks.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'
import { rowsAround } from './rows.js'
import { segmentSum } from './segment-sum.js'

type Attributes = { readonly axis: number }

/** What stands where an index points outside: NaN for floats, so that the mistake shows; 0 for the rest. */
export function outOfRangeValue(dtype: TensorSpec['dtype']): number {
  return isFloat(dtype) ? Number.NaN : 0
}

/** The same as a kernel's parameter: the bits of a register. Those of a 16-bit float serve as a float32 and as its own bits. */
export function outOfRangeBits(dtype: TensorSpec['dtype']): number {
  if (dtype === 'float16' || dtype === 'bfloat16') return NAN_OF_EVERY_WIDTH
  return isFloat(dtype) ? floatBits(Number.NaN) : 0
}

/** A NaN as a float32, and in its lower half as a float16 and as a bfloat16. */
const NAN_OF_EVERY_WIDTH = 0x7fc07fc0

const resultShape = (x: Shape, indices: Shape, axis: number): Shape => [
  ...x.slice(0, axis),
  ...indices,
  ...x.slice(axis + 1),
]

/** Slices of x picked by indices along an axis. */
export const takeRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'take',
  moves: [0],
  infer(inputs, { axis }) {
    const [x, indices] = inputs as [TensorSpec, TensorSpec]
    checkNoBlocks('take', x.dtype)
    if (indices.dtype !== 'int32') throw new DTypeError('take', 'int32 indices', dtypeName(indices.dtype))
    return [{ shape: resultShape(x.shape, indices.shape, axis), dtype: x.dtype }]
  },
  reference(inputs, { axis }, outputs) {
    const [x, indices] = inputs as [HostValue, HostValue]
    const { outer, n, inner } = rowsAround(x.shape, axis)
    const count = indices.values.length
    const y = new Float64Array(outer * count * inner).fill(outOfRangeValue((outputs[0] as TensorSpec).dtype))
    for (let o = 0; o < outer; o++)
      for (let j = 0; j < count; j++) {
        const index = indices.values[j] as number
        if (index < 0 || index >= n) continue
        const from = (o * n + index) * inner
        y.set(x.values.subarray(from, from + inner), (o * count + j) * inner)
      }
    return [y]
  },
  kernel: {
    params(launch: KernelLaunch<Attributes>) {
      const [x, indices] = launch.inputs
      const { outer, n, inner } = rowsAround(x?.view.shape ?? [], launch.attributes.axis)
      return [outer, n, inner, sizeOf(indices?.view.shape ?? []), outOfRangeBits(x?.dtype ?? 'float32')]
    },
    build(k, { inputs, outputs }) {
      const x = k.buffer('x', inputs[0]?.dtype as 'float32', 'read')
      const indices = k.buffer('indices', 'int32', 'read')
      const y = k.buffer('y', outputs[0]?.dtype as 'float32', 'write')
      const [outer, n, inner, count] = [k.param('outer'), k.param('n'), k.param('inner'), k.param('count')]
      const missing = v.bitcast(k.param('missing'), computeTypeOf(x.dtype))
      k.parallel(v.mul(outer, count), (row) => {
        const index = k.let(k.load(indices, v.rem(row, count)))
        const from = k.let(v.mul(v.add(v.mul(v.div(row, count), n), index), inner))
        const to = k.let(v.mul(row, inner))
        k.if(
          v.and(v.ge(index, 0), v.lt(index, n)),
          () =>
            k.forVector(0, inner, (i, lanes) =>
              k.store(y, v.add(to, i), lanes === 1 ? k.load(x, v.add(from, i)) : k.loadVector(x, v.add(from, i))),
            ),
          () => k.for(0, inner, (i) => k.store(y, v.add(to, i), missing)),
        )
      })
    },
  },
  vjp({ dy, inputs: [x, indices], attributes: { axis } }) {
    const source = x as Tensor
    const flat = [...source.shape.slice(0, axis), (indices as Tensor).size, ...source.shape.slice(axis + 1)]
    return [segmentSum(reshape(dy, flat), reshape(indices as Tensor, [-1]), source.shape[axis] as number, axis), null]
  },
}

/**
 * Slices of x at `indices` (any integer tensor) along `axis`: an embedding look-up is take(table, ids).
 * [..., n, ...] and [...I] -> [..., ...I, ...]. An index outside 0..n-1 gives NaN (floats) or 0. Rows of a packed matrix are
 * decoded to float32.
 */
export function take(x: TensorLike, indices: TensorLike, axis = 0): Tensor {
  const tensor = asTensor(x)
  const ids = asTensor(indices)
  if (!isInteger(ids.dtype)) throw new DTypeError('take', 'integer indices', dtypeName(ids.dtype))
  if (isBlock(tensor.dtype) && tensor.rank === 2 && axis === 0) return blockTake(tensor, cast(ids, 'int32'))
  return apply(takeRecord, [tensor, cast(ids, 'int32')], { axis: normalizeAxis('take', axis, tensor.rank) })
}
