import { dtypeName, isInteger } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { formatShape, sizeOf } from '../shape.js'
import { normalizeAxis } from './axes.js'
import { bitAnd } from './bit-and.js'
import { cast } from './cast.js'
import { checkNoBlocks } from './check-no-blocks.js'
import { eq } from './eq.js'
import { full, zerosLike } from './full.js'
import { indexInside } from './index-inside.js'
import { iota } from './iota.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { reshape } from './reshape.js'
import { rowsAround } from './rows.js'
import { take } from './take.js'
import { where } from './where.js'

type Attributes = { readonly axis: number; readonly distinct: boolean }

export interface ScatterOptions {
  /** The caller's word that no two indices inside are equal: rows are then written at once. Default false. */
  readonly distinct?: boolean
}

/** Of kernels that need not mind which of two updates of one place is the later one. */
const DISTINCT = 'distinct'

/** Slices overwritten at indices; writes a State's buffer in place where it can. */
export const scatterRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'scatter',
  moves: [0, 2],
  updates: { 0: 0 },
  infer(inputs, { axis }) {
    const [x, indices, updates] = inputs as [TensorSpec, TensorSpec, TensorSpec]
    checkNoBlocks('scatter', x.dtype)
    if (indices.dtype !== 'int32') throw new DTypeError('scatter', 'int32 indices', dtypeName(indices.dtype))
    if (updates.dtype !== x.dtype)
      throw new DTypeError('scatter', `updates of ${dtypeName(x.dtype)}`, dtypeName(updates.dtype))
    const count = indices.shape[0] ?? -1
    const expected = x.shape.map((n, i) => (i === axis ? count : n))
    if (indices.shape.length !== 1 || formatShape(expected) !== formatShape(updates.shape)) {
      throw new ShapeError(
        'scatter',
        `indices [M] and updates ${formatShape(x.shape)} with M at axis ${axis}`,
        `${formatShape(indices.shape)} and ${formatShape(updates.shape)}`,
      )
    }
    return [x]
  },
  reference(inputs, { axis }) {
    const [x, indices, updates] = inputs as [HostValue, HostValue, HostValue]
    const { outer, n, inner } = rowsAround(x.shape, axis)
    const m = indices.values.length
    const y = Float64Array.from(x.values)
    for (let o = 0; o < outer; o++)
      for (let j = 0; j < m; j++) {
        const index = indices.values[j] as number
        if (index < 0 || index >= n) continue
        const from = (o * m + j) * inner
        y.set(updates.values.subarray(from, from + inner), (o * n + index) * inner)
      }
    return [y]
  },
  kernel: {
    variant: ({ attributes }: KernelLaunch<Attributes>) => (attributes.distinct ? DISTINCT : ''),
    // The whole of x is an operand, but only the updates are touched.
    work: ({ inputs }: KernelLaunch<Attributes>) => 4 * sizeOf(inputs[2]?.view.shape ?? []),
    params({ inputs, attributes }: KernelLaunch<Attributes>) {
      const { outer, n, inner } = rowsAround(inputs[0]?.view.shape ?? [], attributes.axis)
      return [outer, n, inner, inputs[1]?.view.shape[0] ?? 0]
    },
    build(k, { inputs, variant }) {
      const dtype = inputs[0]?.dtype as 'float32'
      k.buffer('x', dtype, 'read') // y starts as a copy of it
      const indices = k.buffer('indices', 'int32', 'read')
      const updates = k.buffer('updates', dtype, 'read')
      const y = k.buffer('y', dtype, 'readwrite')
      const [outer, n, inner, m] = [k.param('outer'), k.param('n'), k.param('inner'), k.param('m')]
      const store = (to: Value, from: Value, lanes: number) =>
        k.store(y, to, lanes === 1 ? k.load(updates, from) : k.loadVector(updates, from))
      /** body(to, from) where row `row` of the updates goes, if it goes anywhere. */
      const ifInside = (row: Value, body: (to: Value, from: Value) => void) => {
        const index = k.let(k.load(indices, v.rem(row, m)))
        k.if(v.and(v.ge(index, 0), v.lt(index, n)), () =>
          body(k.let(v.mul(v.add(v.mul(v.div(row, m), n), index), inner)), k.let(v.mul(row, inner))),
        )
      }
      const rows = v.mul(outer, m)
      if (variant !== DISTINCT) {
        // Columns belong to workers, so that of two updates of one place the later wins for any number of them.
        k.parallelRange(inner, 16, (begin, end) =>
          k.for(0, rows, (row) =>
            ifInside(row, (to, from) =>
              k.forVector(begin, end, (i, lanes) => store(v.add(to, i), v.add(from, i), lanes)),
            ),
          ),
        )
      } else if (k.target.vectorLanes === 1) {
        // A GPU's vectors are its invocations: neighbours write neighbours.
        k.parallel(v.mul(rows, inner), (at) => {
          const row = k.let(v.div(at, inner))
          ifInside(row, (to, from) => store(v.add(to, v.sub(at, from)), at, 1))
        })
      } else {
        k.parallel(rows, (row) =>
          ifInside(row, (to, from) => k.forVector(0, inner, (i, lanes) => store(v.add(to, i), v.add(from, i), lanes))),
        )
      }
    },
  },
  vjp({ dy, inputs: [, indices, updates], attributes: { axis, distinct } }) {
    const ids = indices as Tensor
    const along = dy.shape.map((_, i) => (i === axis ? ids.size : 1))
    const n = dy.shape[axis] as number
    const counted = reshape(distinct ? indexInside(ids, n) : lastAtItsPlace(ids, n), along)
    return [
      scatter(dy, ids, zerosLike(updates as Tensor), axis, { distinct }),
      null,
      where(counted, take(dy, ids, axis), 0),
    ]
  },
}

/** True for the updates that can be seen: inside, and the last of those for one place. */
function lastAtItsPlace(ids: Tensor, n: number): Tensor {
  const order = iota(ids.shape, 0)
  const last = scatter(full([n], -1, 'int32'), ids, order)
  return bitAnd(indexInside(ids, n), eq(take(last, ids), order))
}

/**
 * x with the slices at `indices` along `axis` replaced by `updates`; the last of several wins, indices outside are dropped.
 * [..., n, ...], [M], [..., M, ...] -> [..., n, ...].
 */
export function scatter(
  x: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  axis = 0,
  { distinct = false }: ScatterOptions = {},
): Tensor {
  const [tensor, ids] = [asTensor(x), asTensor(indices)]
  if (!isInteger(ids.dtype)) throw new DTypeError('scatter', 'integer indices', dtypeName(ids.dtype))
  return apply(scatterRecord, [tensor, cast(ids, 'int32'), asTensor(updates)], {
    axis: normalizeAxis('scatter', axis, tensor.rank),
    distinct,
  })
}
