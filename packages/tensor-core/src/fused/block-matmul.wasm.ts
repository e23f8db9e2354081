import type { BlockFormat } from '../formats/define-format.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { KernelFunction, Value } from '../kernel/value.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import general from './block-matmul.kernel.js'

/** Rows of x that share the unpacking of a block. */
const SHARED_ROWS = 4
/** Rows of w that are used again for the next rows of x before new ones are read: they stay in a second cache. */
const TILE = 64
/** Rows of w of a unit. */
const GRAIN = 4
const LARGEST_INT16 = 32767

const formatOf = ({ inputs }: KernelLaunch<undefined>): BlockFormat => (inputs[1] as KernelOperand).dtype as BlockFormat

const variant = (launch: KernelLaunch<undefined>): string => formatOf(launch).name

/** [rows, depth, columns, blocks, element of the first scale in the workspace] */
function params(launch: KernelLaunch<undefined>): number[] {
  const [x, w] = launch.inputs as [KernelOperand, KernelOperand]
  const [columns, depth] = w.view.shape as [number, number]
  const rows = depth === 0 ? 0 : sizeOf(x.view.shape) / depth
  return [rows, depth, columns, depth / formatOf(launch).blockSize, Math.ceil((rows * depth) / 2)]
}

/** int16 values, then a float32 scale a block. */
function workspace(launch: KernelLaunch<undefined>): number {
  const [rows, , , blocks, scales] = params(launch) as [number, number, number, number, number]
  return 4 * (scales + rows * blocks)
}

/** Blocks of whole vectors of eight. */
const onIntegers = (launch: KernelLaunch<undefined>): boolean => {
  const { integers, blockSize } = formatOf(launch)
  return integers !== undefined && blockSize % 8 === 0
}

function declare(k: KernelBuilder) {
  const x = k.buffer('x', 'float32', 'read')
  const w = k.buffer('w', 'uint8', 'read')
  const y = k.buffer('y', 'float32', 'write')
  const rounded = k.buffer('rounded', 'uint8', 'readwrite')
  const [rows, depth, columns, blocks, scales] = ['rows', 'depth', 'columns', 'blocks', 'scales'].map((name) =>
    k.param(name),
  ) as [Value, Value, Value, Value, Value]
  return { x, w, y, rounded, rows, depth, columns, blocks, scales }
}

/** The rows of x block by block: scale = max|x| / 32767, values the nearest multiples of it. */
const roundRows: KernelSource<undefined> = {
  applies: onIntegers,
  variant,
  params,
  workspace,
  build(k, { inputs }) {
    const { blockSize } = (inputs[1] as { dtype: BlockFormat }).dtype
    const { x, rounded, rows, blocks, scales } = declare(k)
    const pairs = k.reinterpret(rounded, 'int32')
    const scaleOf = k.reinterpret(rounded, 'float32')
    k.parallel(v.mul(rows, blocks), (block) => {
      const from = k.let(v.mul(block, blockSize))
      const largest = k.variable(v.splat(v.f32(0), 4))
      k.for(0, blockSize, (i) => largest.set(v.max(largest.get(), v.abs(v.load(x, v.add(from, i), 4)))), 4)
      const most = k.let(v.reduceLanes('max', largest.get()))
      const inverse = k.let(v.splat(v.select(v.gt(most, 0), v.div(v.f32(LARGEST_INT16), most), 0), 4))
      k.store(scaleOf, v.add(scales, block), v.div(most, LARGEST_INT16))
      const round = (part: Value): Value => v.convert(v.roundEven(v.mul(part, inverse)), 'i32')
      k.for(
        0,
        blockSize,
        (i) => {
          const at = v.add(from, i)
          const [a, b] = [k.let(v.load(x, at, 4)), k.let(v.load(x, v.add(at, 4), 4))]
          const even = v.and(round(v.shuffle(a, b, [0, 2, 4, 6])), v.splat(v.i32(0xffff), 4))
          const odd = v.shl(round(v.shuffle(a, b, [1, 3, 5, 7])), 16)
          k.store(pairs, v.shr(at, 1), v.or(even, odd))
        },
        8,
      )
    })
  },
}

/** y[row .. row + count, column]: integer products of a block, added in float32 with the two scales. */
function dots(
  k: KernelBuilder,
  count: number,
  format: BlockFormat,
  { w, y, rounded, depth, columns, blocks, scales }: ReturnType<typeof declare>,
): KernelFunction {
  const { blockSize, bytesPerBlock } = format
  const integers = format.integers as NonNullable<BlockFormat['integers']>
  const scaleOf = k.reinterpret(rounded, 'float32')
  const int = (name: string) => ({ name, type: 'i32' }) as const
  return k.func(`dots${count}`, [int('row'), int('column')], (row, column) => {
    const sums = Array.from({ length: count }, () => k.variable(v.splat(v.f32(0), 4), 'sum'))
    const values: Value[] = []
    const places: Value[] = []
    for (let r = 0; r < count; r++) {
      values.push(k.let(v.mul(v.mul(v.add(row as Value, v.i32(r)), depth), 2)))
      places.push(k.let(v.add(scales, v.mul(v.add(row as Value, v.i32(r)), blocks))))
    }
    const at = k.variable(v.mul(v.mul(column as Value, blocks), bytesPerBlock), 'at')
    k.for(0, blocks, (block) => {
      const { scale, pairs } = integers(k, w, at.get())
      const parts = pairs.map((pair) => k.let(pair))
      const own = k.let(scale)
      const from = k.let(v.mul(block, 2 * blockSize))
      for (const [r, sum] of sums.entries()) {
        const start = k.let(v.add(values[r] as Value, from))
        const products = parts.map((part, i) =>
          v.dotPacked(part, v.loadPacked(rounded, v.add(start, v.i32(16 * i)), 4)),
        )
        const total = products.reduce((a, b) => v.add(a, b))
        const both = v.mul(own, k.load(scaleOf, v.add(places[r] as Value, block)))
        sum.set(v.fma(v.convert(total, 'f32'), v.splat(both, 4), sum.get()))
      }
      at.set(v.add(at.get(), bytesPerBlock))
    })
    const to = k.let(v.add(v.mul(row as Value, columns), column as Value))
    for (const [r, sum] of sums.entries()) {
      k.store(y, v.add(to, v.mul(columns, v.i32(r))), v.reduceLanes('add', sum.get()))
    }
    return undefined
  })
}

/** Each result is one sum in the order of the blocks, whatever rows it shares them with. */
const multiply: KernelSource<undefined> = {
  applies: onIntegers,
  variant,
  params,
  workspace,
  build(k, { inputs }) {
    const format = inputs[1]?.dtype as BlockFormat
    const buffers = declare(k)
    const { rows, columns } = buffers
    const [shared, one] = [dots(k, SHARED_ROWS, format, buffers), dots(k, 1, format, buffers)]
    const whole = k.let(v.sub(rows, v.rem(rows, SHARED_ROWS)))
    k.parallelRange(columns, GRAIN, (begin, end) => {
      k.for(
        begin,
        end,
        (tile) => {
          const stop = k.let(v.min(end, v.add(tile, TILE)))
          k.for(0, whole, (row) => k.for(tile, stop, (column) => k.call(shared, [row, column])), SHARED_ROWS)
          k.for(whole, rows, (row) => k.for(tile, stop, (column) => k.call(one, [row, column])))
        },
        TILE,
      )
    })
  },
}

export default [
  roundRows,
  multiply,
  { ...general, applies: (launch) => !onIntegers(launch) },
] satisfies KernelSource<undefined>[]
