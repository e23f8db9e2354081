import { computeTypeOf, dtypeName, isInteger } from '../dtype.js'
import { ArgumentError, DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import { formatShape } from '../shape.js'
import { normalizeAxis } from './axes.js'
import { cast } from './cast.js'
import { checkDomain } from './elementwise.js'
import { ones } from './full.js'
import { indexInside } from './index-inside.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'
import { rowsAround } from './rows.js'
import { take } from './take.js'
import { where } from './where.js'

type Attributes = { readonly axis: number; readonly segments: number }

/** Sums of slices that share a segment number, added in the order of the slices. The transpose of `take`. */
export const segmentSumRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'segmentSum',
  infer(inputs, { axis, segments }) {
    const [x, ids] = inputs as [TensorSpec, TensorSpec]
    checkDomain('segmentSum', 'number', x.dtype)
    if (ids.dtype !== 'int32') throw new DTypeError('segmentSum', 'int32 segment ids', dtypeName(ids.dtype))
    if (ids.shape.length !== 1 || ids.shape[0] !== x.shape[axis]) {
      throw new ShapeError('segmentSum', `segment ids of shape [${x.shape[axis]}]`, formatShape(ids.shape))
    }
    return [{ shape: x.shape.map((n, i) => (i === axis ? segments : n)), dtype: x.dtype }]
  },
  reference(inputs, { axis, segments }) {
    const [x, ids] = inputs as [HostValue, HostValue]
    const { outer, n, inner } = rowsAround(x.shape, axis)
    const y = new Float64Array(outer * segments * inner)
    for (let o = 0; o < outer; o++)
      for (let j = 0; j < n; j++) {
        const segment = ids.values[j] as number
        if (segment < 0 || segment >= segments) continue
        for (let i = 0; i < inner; i++) {
          const to = (o * segments + segment) * inner + i
          y[to] = (y[to] as number) + (x.values[(o * n + j) * inner + i] as number)
        }
      }
    return [y]
  },
  kernel: {
    params({ inputs, attributes }: KernelLaunch<Attributes>) {
      const { outer, n, inner } = rowsAround(inputs[0]?.view.shape ?? [], attributes.axis)
      return [outer, n, inner, attributes.segments]
    },
    build(k, { inputs }) {
      const dtype = inputs[0]?.dtype as 'float32'
      const x = k.buffer('x', dtype, 'read')
      const ids = k.buffer('ids', 'int32', 'read')
      const y = k.buffer('y', dtype, 'readwrite')
      const [outer, n, inner, segments] = [k.param('outer'), k.param('n'), k.param('inner'), k.param('segments')]
      // Each worker owns columns of the output, so that no two add to one element and the order is that of the slices.
      k.parallelRange(inner, 16, (begin, end) => {
        k.for(0, v.mul(outer, segments), (row) => {
          const base = k.let(v.mul(row, inner))
          k.forVector(begin, end, (i, lanes) =>
            k.store(y, v.add(base, i), v.splat(v.constant(computeTypeOf(dtype), 0), lanes)),
          )
        })
        k.for(0, v.mul(outer, n), (slice) => {
          const segment = k.let(k.load(ids, v.rem(slice, n)))
          k.if(v.and(v.ge(segment, 0), v.lt(segment, segments)), () => {
            const from = k.let(v.mul(slice, inner))
            const to = k.let(v.mul(v.add(v.mul(v.div(slice, n), segments), segment), inner))
            k.forVector(begin, end, (i, lanes) => {
              const read = (buffer: typeof x, at: typeof from) =>
                lanes === 1 ? k.load(buffer, v.add(at, i)) : k.loadVector(buffer, v.add(at, i))
              k.store(y, v.add(to, i), v.add(read(y, to), read(x, from)))
            })
          })
        })
      })
    },
  },
  vjp: ({ dy, inputs: [, ids], attributes: { axis, segments } }) => {
    const index = ids as Tensor
    const along = dy.shape.map((_, i) => (i === axis ? index.size : 1))
    // What was dropped has no gradient; `take` gives NaN there.
    return [where(reshape(indexInside(index, segments), along), take(dy, index, axis), 0), null]
  },
}

/**
 * y[s] = sum of the slices x[i] along `axis` with ids[i] = s, in the order of i.  [..., n, ...] and [n] -> [..., segments, ...].
 * Slices whose id lies outside 0..segments-1 are dropped.
 */
export function segmentSum(x: TensorLike, ids: TensorLike, segments: number, axis = 0): Tensor {
  const [tensor, index] = [asTensor(x), asTensor(ids)]
  if (!Number.isInteger(segments) || segments < 0)
    throw new ArgumentError('segmentSum', 'a count of segments >= 0', `${segments}`)
  if (!isInteger(index.dtype)) throw new DTypeError('segmentSum', 'integer segment ids', dtypeName(index.dtype))
  const operand = tensor.dtype === 'bool' ? cast(tensor, 'int32') : tensor
  return apply(segmentSumRecord, [operand, cast(index, 'int32')], {
    axis: normalizeAxis('segmentSum', axis, tensor.rank),
    segments,
  })
}

/** How often each of 0..bins-1 occurs among the integers of x.  [...] -> [bins], int32. */
export function bincount(x: TensorLike, bins: number): Tensor {
  const tensor = asTensor(x)
  if (!isInteger(tensor.dtype)) throw new DTypeError('bincount', 'integers', dtypeName(tensor.dtype))
  if (!Number.isInteger(bins) || bins < 0) throw new ArgumentError('bincount', 'a count of bins >= 0', `${bins}`)
  const flat = reshape(tensor, [tensor.size])
  return segmentSum(ones(flat.shape, 'int32'), flat, bins)
}
