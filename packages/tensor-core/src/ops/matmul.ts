import { dtypeName, isBlock, isFloat } from '../dtype.js'
import { ArgumentError, DTypeError, ShapeError } from '../errors.js'
import { blockMatmul } from '../fused/block-matmul.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { formatShape, type Shape, sameShape, sizeOf } from '../shape.js'
import { broadcastShapes, promote } from './broadcast.js'
import { cast } from './cast.js'
import { expand } from './expand.js'
import type { HostValue, KernelLaunch, KernelOperand, OpaqueRecord, TensorSpec } from './op-record.js'
import { permuteRecord, transpose } from './permute.js'
import { reshape } from './reshape.js'

/** Batch axes of a product; more are refused. */
const MAX_BATCH_AXES = 4

/** The strides of an operand: [MAX_BATCH_AXES] batch strides, row stride, column stride, offset. */
function operandParams({ view }: KernelOperand): number[] {
  const batch = view.strides.slice(0, -2)
  return [...new Array(MAX_BATCH_AXES - batch.length).fill(0), ...view.strides, view.offset]
}

/** Batched matrix product. Operands come through any strides, so that transposition and broadcasting cost nothing. */
export const matmulRecord: OpaqueRecord<undefined> = {
  kind: 'opaque',
  name: 'matmul',
  strided: true,
  takesEpilogue: true,
  infer(inputs) {
    const [a, b] = inputs as [TensorSpec, TensorSpec]
    const [m, k] = a.shape.slice(-2) as [number, number]
    const [k2, n] = b.shape.slice(-2) as [number, number]
    const batch = a.shape.slice(0, -2)
    if (k !== k2 || !sameShape(batch, b.shape.slice(0, -2))) {
      throw new ShapeError(
        'matmul',
        `[..., M, K] and [..., K, N] with one K`,
        `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      )
    }
    return [{ shape: [...batch, m, n], dtype: promote('matmul', a.dtype, b.dtype) }]
  },
  reference(inputs) {
    const [a, b] = inputs as [HostValue, HostValue]
    const [m, k] = a.shape.slice(-2) as [number, number]
    const n = b.shape[b.shape.length - 1] as number
    const batches = sizeOf(a.shape.slice(0, -2))
    const y = new Float64Array(batches * m * n)
    for (let batch = 0; batch < batches; batch++)
      for (let i = 0; i < m; i++)
        for (let l = 0; l < k; l++) {
          const factor = a.values[(batch * m + i) * k + l] as number
          const [row, to] = [(batch * k + l) * n, (batch * m + i) * n]
          for (let j = 0; j < n; j++) y[to + j] = (y[to + j] as number) + factor * (b.values[row + j] as number)
        }
    return [y]
  },
  flops: ([a, b]) => 2 * sizeOf((a as TensorSpec).shape) * ((b as TensorSpec).shape.at(-1) as number),
  kernel: {
    params(launch: KernelLaunch<undefined>) {
      const [a, b] = launch.inputs as [KernelOperand, KernelOperand]
      const [m, k] = a.view.shape.slice(-2) as [number, number]
      const batch = a.view.shape.slice(0, -2)
      const padded: Shape = [...new Array(MAX_BATCH_AXES - batch.length).fill(1), ...batch]
      return [
        sizeOf(batch),
        m,
        b.view.shape[b.view.shape.length - 1] as number,
        k,
        ...padded,
        ...operandParams(a),
        ...operandParams(b),
      ]
    },
    build(k, { inputs, outputs }) {
      const a = k.buffer('a', inputs[0]?.dtype as 'float32', 'read')
      const b = k.buffer('b', inputs[1]?.dtype as 'float32', 'read')
      const y = k.buffer('y', outputs[0]?.dtype as 'float32', 'write')
      const [batches, m, n, depth] = [k.param('batches'), k.param('m'), k.param('n'), k.param('k')]
      const extents = Array.from({ length: MAX_BATCH_AXES }, (_, i) => k.param(`batch${i}`))
      const operand = (name: string) => ({
        batch: Array.from({ length: MAX_BATCH_AXES }, (_, i) => k.param(`${name}Batch${i}`)),
        row: k.param(`${name}Row`),
        column: k.param(`${name}Column`),
        offset: k.param(`${name}Offset`),
      })
      const [sa, sb] = [operand('a'), operand('b')]
      k.parallel(v.mul(v.mul(batches, m), n), (at) => {
        const column = k.let(v.rem(at, n))
        const row = k.let(v.rem(v.div(at, n), m))
        const rest = k.variable(v.div(at, v.mul(m, n)))
        const [aBase, bBase] = [
          k.variable(v.add(sa.offset, v.mul(row, sa.row))),
          k.variable(v.add(sb.offset, v.mul(column, sb.column))),
        ]
        for (let axis = MAX_BATCH_AXES - 1; axis >= 0; axis--) {
          const index = k.let(v.rem(rest.get(), extents[axis] as Value))
          aBase.set(v.add(aBase.get(), v.mul(index, sa.batch[axis] as Value)))
          bBase.set(v.add(bBase.get(), v.mul(index, sb.batch[axis] as Value)))
          rest.set(v.div(rest.get(), extents[axis] as Value))
        }
        const total = k.variable(v.f32(0))
        k.for(0, depth, (l) => {
          const x = k.load(a, v.add(aBase.get(), v.mul(l, sa.column)))
          total.set(v.add(total.get(), v.mul(x, k.load(b, v.add(bBase.get(), v.mul(l, sb.row))))))
        })
        k.store(y, at, total.get())
      })
    },
  },
  vjp: ({ dy, inputs: [a, b] }) => [
    cast(matmul(dy, b as Tensor, { transposeB: true }), (a as Tensor).dtype),
    cast(rightGradient(a as Tensor, b as Tensor, dy), (b as Tensor).dtype),
  ],
}

/** a^T dy, laid out as what b is a transpose of where it is one (a Linear layer's weight): undoing that costs no copy. */
function rightGradient(a: Tensor, b: Tensor, dy: Tensor): Tensor {
  const { source } = b.node
  const isPermuted = source.kind === 'op' && source.record === permuteRecord
  const { order } = isPermuted ? (source.attributes as { order: readonly number[] }) : { order: [] }
  const last = b.rank - 1
  if (order[last] === last - 1 && order[last - 1] === last) return transpose(matmul(dy, a, { transposeA: true }))
  return matmul(a, dy, { transposeA: true })
}

export interface MatmulOptions {
  /** Read a as [..., K, M]. */
  readonly transposeA?: boolean
  /** Read b as [..., N, K], the layout of a Linear layer's weight. */
  readonly transposeB?: boolean
}

/**
 * Matrix product over the last two axes, batch axes broadcast.  [..., M, K] and [..., K, N] -> [..., M, N]; a vector [K]
 * on either side is a row or a column that the result drops. Sums are taken in float32; operands of two float dtypes give
 * float32. b may be packed in a block format (with `transposeB`: [N, K], blocks along K).
 */
export function matmul(left: TensorLike, right: TensorLike, options: MatmulOptions = {}): Tensor {
  const [x, y] = [asTensor(left), asTensor(right)]
  for (const { dtype } of [x, y]) {
    if (!isFloat(dtype))
      throw new DTypeError('matmul', 'float operands', dtypeName(dtype), "Convert with .cast('float32').")
  }
  if (x.rank === 0 || y.rank === 0) {
    throw new ShapeError('matmul', 'operands of rank 1 or more', `${formatShape(x.shape)} and ${formatShape(y.shape)}`)
  }
  checkDepth(x, y, options)
  if (isBlock(x.dtype)) return matmul(cast(x, 'float32'), y, options)
  if (isBlock(y.dtype)) {
    if (options.transposeB && y.rank === 2 && !options.transposeA) return blockMatmul(x, y)
    return matmul(x, cast(y, 'float32'), options)
  }
  if (x.rank === 1)
    return reshape(
      matmul(reshape(x, [1, -1]), y, { ...options, transposeA: false }),
      y.rank === 1 ? [] : vectorProductShape(y, options),
    )
  if (y.rank === 1) {
    const product = matmul(x, reshape(y, [-1, 1]), { ...options, transposeB: false })
    return reshape(product, product.shape.slice(0, -1))
  }
  // Kernels widen 16-bit floats as they read them: a copy would cost more than the product.
  const a = options.transposeA ? transpose(x) : x
  const b = options.transposeB ? transpose(y) : y
  // One matrix on the right: the batch axes of the left are more rows of one product.
  if (b.rank === 2 && a.rank > 2 && !options.transposeA) {
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape[a.rank - 1] as number])
    return reshape(apply(matmulRecord, [rows, b], undefined), [...a.shape.slice(0, -1), b.shape[1] as number])
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (batch.length > MAX_BATCH_AXES)
    throw new ArgumentError(
      'matmul',
      `at most ${MAX_BATCH_AXES} batch axes`,
      `${batch.length}`,
      'Reshape some into one.',
    )
  return apply(
    matmulRecord,
    [expand(a, [...batch, ...a.shape.slice(-2)]), expand(b, [...batch, ...b.shape.slice(-2)])],
    undefined,
  )
}

/** Refuses operands whose summed axes differ; `^T` in the message marks what is read transposed. */
function checkDepth(x: Tensor, y: Tensor, { transposeA = false, transposeB = false }: MatmulOptions): void {
  const last = (t: Tensor, transposed: boolean, fromEnd: 1 | 2) =>
    t.rank === 1 ? t.shape[0] : t.shape[t.rank - (transposed ? 3 - fromEnd : fromEnd)]
  if (last(x, transposeA, 1) === last(y, transposeB, 2)) return
  const text = (t: Tensor, transposed: boolean) => `${formatShape(t.shape)}${transposed && t.rank > 1 ? '^T' : ''}`
  throw new ShapeError(
    'matmul',
    '[..., M, K] and [..., K, N] with one K',
    `${text(x, transposeA)} and ${text(y, transposeB)}`,
  )
}

function vectorProductShape(y: Tensor, options: MatmulOptions): Shape {
  return [...y.shape.slice(0, -2), y.shape[y.rank - (options.transposeB ? 2 : 1)] as number]
}
