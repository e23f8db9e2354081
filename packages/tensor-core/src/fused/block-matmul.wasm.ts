import type { BlockFormat, BlockIntegers, LoadedIntegers } from '../formats/define-format.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { KernelFunction, Value } from '../kernel/value.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import general from './block-matmul.kernel.js'

/*
 * Products on integers: the rows of x are rounded to 16 bits a block, which loses less than the weights' own rounding.
 * More rows than a few run as a matrix product over unpacked panels instead (backends/wasm/gemm).
 */

/** Up to so many rows of x the memory sets the pace: then rows of w are read by turns, as in gemm/vector-kernel.ts. */
const VECTOR_ROWS = 3
const STREAMS = 4
const STREAM_GRAIN = 2
/** Floats of a worker's own sums: a vector a stream, a cache line. */
const OWN_FLOATS = 16
/** Rows of x that share the unpacking of a block. */
const SHARED_ROWS = 4
/** Rows of w that are used again for the next rows of x before new ones are read: they stay in a second cache. */
const TILE = 64
/** Rows of w of a unit. */
const GRAIN = 4
const LARGEST_INT16 = 32767

const formatOf = ({ inputs }: KernelLaunch<undefined>): BlockFormat => (inputs[1] as KernelOperand).dtype as BlockFormat

const variant = (launch: KernelLaunch<undefined>): string => formatOf(launch).name

/** [rows, depth, columns, blocks, and places in the workspace, in floats: the first scale, the first worker's sums] */
function params(launch: KernelLaunch<undefined>): [number, number, number, number, number, number] {
  const [x, w] = launch.inputs as [KernelOperand, KernelOperand]
  const [columns, depth] = w.view.shape as [number, number]
  const rows = depth === 0 ? 0 : sizeOf(x.view.shape) / depth
  const [blocks, scales] = [depth / formatOf(launch).blockSize, Math.ceil((rows * depth) / 2)]
  return [rows, depth, columns, blocks, scales, Math.ceil((scales + rows * blocks) / OWN_FLOATS) * OWN_FLOATS]
}

/** int16 values, then a float32 scale a block, then the sums of each worker. */
function workspace(launch: KernelLaunch<undefined>, workers: number): number {
  return 4 * (params(launch)[5] + workers * OWN_FLOATS)
}

/** Blocks of whole vectors of eight. */
const onIntegers = (launch: KernelLaunch<undefined>): boolean => {
  const { integers, blockSize } = formatOf(launch)
  return integers !== undefined && blockSize % 8 === 0
}

const ofFewRows = (launch: KernelLaunch<undefined>): boolean => params(launch)[0] <= VECTOR_ROWS

function declare(k: KernelBuilder) {
  const x = k.buffer('x', 'float32', 'read')
  const w = k.buffer('w', 'uint8', 'read')
  const y = k.buffer('y', 'float32', 'write')
  const rounded = k.buffer('rounded', 'uint8', 'readwrite')
  const [rows, depth, columns, blocks, scales, sums] = ['rows', 'depth', 'columns', 'blocks', 'scales', 'sums'].map(
    (name) => k.param(name),
  ) as [Value, Value, Value, Value, Value, Value]
  return { x, w, y, rounded, rows, depth, columns, blocks, scales, sums }
}

const integersOf = (format: BlockFormat): BlockIntegers => format.integers as BlockIntegers

/** The scales of x take one half of the weights' unit, the results the other: neither leaves float32's range. */
const unitRoot = (format: BlockFormat): number => Math.sqrt(integersOf(format).unit)

/** The rows of x block by block: scale = max|x| / 32767, values the nearest multiples of it. */
const roundRows: KernelSource<undefined> = {
  applies: onIntegers,
  variant,
  params,
  workspace,
  work: (launch) => 4 * params(launch)[0] * params(launch)[1],
  build(k, { inputs }) {
    const format = (inputs[1] as { dtype: BlockFormat }).dtype
    const { blockSize } = format
    const { x, rounded, rows, blocks, scales } = declare(k)
    const pairs = k.reinterpret(rounded, 'int32')
    const scaleOf = k.reinterpret(rounded, 'float32')
    const step = unitRoot(format) / LARGEST_INT16
    k.parallel(v.mul(rows, blocks), (block) => {
      const from = k.let(v.mul(block, blockSize))
      const largest = k.variable(v.splat(v.f32(0), 4))
      k.for(0, blockSize, (i) => largest.set(v.max(largest.get(), v.abs(v.load(x, v.add(from, i), 4)))), 4)
      const most = k.let(v.reduceLanes('max', largest.get()))
      const inverse = k.let(v.splat(v.select(v.gt(most, 0), v.div(v.f32(LARGEST_INT16), most), 0), 4))
      k.store(scaleOf, v.add(scales, block), v.mul(most, step))
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

type Buffers = ReturnType<typeof declare>

/** What a row of w adds to a sum: the integer products of a block with a row of x, times both scales. */
function addBlock(
  sum: Value,
  { scale, pairs }: LoadedIntegers,
  x: { readonly vectors: readonly Value[]; readonly scale: Value },
): Value {
  const total = pairs.map((pair, i) => v.dotPacked(pair, x.vectors[i] as Value)).reduce((a, b) => v.add(a, b))
  return v.fma(v.convert(total, 'f32'), v.mul(scale, x.scale), sum)
}

/** A row of x as `roundRows` left it: its values of a block, from a byte on, and their scale. */
function roundedBlock(k: KernelBuilder, { rounded }: Buffers, blockSize: number, byte: Value, scaleAt: Value) {
  const vectors = Array.from({ length: blockSize / 8 }, (_, i) => v.loadPacked(rounded, v.add(byte, v.i32(16 * i)), 4))
  return { vectors, scale: v.splat(k.load(k.reinterpret(rounded, 'float32'), scaleAt), 4) }
}

const DOT_PARAMS = ['row', 'column', 'apart', 'own'].map((name) => ({ name, type: 'i32' }) as const)

/**
 * y[row, column + s apart] for `streams` rows of w, each a sum in the order of its blocks. The sums stand in the worker's own
 * memory (`own`): V8 brings the loads of all streams forward and keeps what is only computed for later, so that sums in
 * registers cost more spills than these stores, which hold it back (1.2 times as fast on Node 20, no slower on 24).
 */
function streamDots(k: KernelBuilder, streams: number, format: BlockFormat, buffers: Buffers): KernelFunction {
  const { blockSize, bytesPerBlock } = format
  const { w, y, rounded, depth, columns, blocks, scales } = buffers
  const sums = k.reinterpret(rounded, 'float32')
  return k.func(`dot${streams}`, DOT_PARAMS, (...args) => {
    const [row, column, apart, own] = args as [Value, Value, Value, Value]
    const values = k.let(v.mul(v.mul(row, depth), 2))
    const scaleStart = k.let(v.add(scales, v.mul(row, blocks)))
    const lines = Array.from({ length: streams }, (_, s) => ({
      at: k.variable(v.mul(v.mul(v.add(column, v.mul(apart, s)), blocks), bytesPerBlock), 'at'),
      sum: v.add(own, v.i32(4 * s)),
    }))
    for (const { sum } of lines) k.store(sums, sum, v.splat(v.f32(0), 4))
    k.for(0, blocks, (block) => {
      const byte = k.let(v.add(values, v.mul(block, 2 * blockSize)))
      const loaded = roundedBlock(k, buffers, blockSize, byte, v.add(scaleStart, block))
      const x = { vectors: loaded.vectors.map((vector) => k.let(vector)), scale: k.let(loaded.scale) }
      for (const { at, sum } of lines) {
        k.store(sums, sum, addBlock(v.load(sums, sum, 4), integersOf(format).load(k, w, at.get()), x))
        at.set(v.add(at.get(), bytesPerBlock))
      }
    })
    const to = k.let(v.add(v.mul(row, columns), column))
    for (const [s, { sum }] of lines.entries()) {
      const total = v.mul(v.reduceLanes('add', v.load(sums, sum, 4)), unitRoot(format))
      k.store(y, v.add(to, v.mul(apart, s)), total)
    }
    return undefined
  })
}

/** y[row + r, column] for `count` rows of x, which share the unpacking of a block; each a sum in the order of the blocks. */
function sharedDots(k: KernelBuilder, count: number, format: BlockFormat, buffers: Buffers): KernelFunction {
  const { blockSize, bytesPerBlock } = format
  const { w, y, depth, columns, blocks, scales } = buffers
  return k.func(`dots${count}`, DOT_PARAMS.slice(0, 2), (...args) => {
    const [row, column] = args as [Value, Value]
    const rows = Array.from({ length: count }, (_, r) => ({
      values: k.let(v.mul(v.mul(v.add(row, v.i32(r)), depth), 2)),
      scales: k.let(v.add(scales, v.mul(v.add(row, v.i32(r)), blocks))),
      sum: k.variable(v.splat(v.f32(0), 4), 'sum'),
    }))
    const at = k.variable(v.mul(v.mul(column, blocks), bytesPerBlock), 'at')
    k.for(0, blocks, (block) => {
      const { scale, pairs } = integersOf(format).load(k, w, at.get())
      const left = { scale: k.let(scale), pairs: pairs.map((pair) => k.let(pair)) }
      const from = k.let(v.mul(block, 2 * blockSize))
      for (const { values, scales: first, sum } of rows) {
        const byte = k.let(v.add(values, from))
        sum.set(addBlock(sum.get(), left, roundedBlock(k, buffers, blockSize, byte, v.add(first, block))))
      }
      at.set(v.add(at.get(), bytesPerBlock))
    })
    const to = k.let(v.add(v.mul(row, columns), column))
    for (const [r, { sum }] of rows.entries()) {
      const total = v.mul(v.reduceLanes('add', sum.get()), unitRoot(format))
      k.store(y, v.add(to, v.mul(columns, v.i32(r))), total)
    }
    return undefined
  })
}

/** Few rows of x: all of w once, rows of it by turns from as many parts. */
const multiplyFew: KernelSource<undefined> = {
  applies: (launch) => onIntegers(launch) && ofFewRows(launch),
  variant,
  params,
  workspace,
  build(k, { inputs }) {
    const buffers = declare(k)
    const { rows, columns, sums } = buffers
    const format = inputs[1]?.dtype as BlockFormat
    const kernels = Array.from({ length: STREAMS }, (_, i) => streamDots(k, i + 1, format, buffers))
    const own = k.let(v.add(sums, v.mul(v.worker(), OWN_FLOATS)), 'own')
    const part = k.let(v.div(v.add(columns, STREAMS - 1), STREAMS), 'part')
    k.parallelRange(part, STREAM_GRAIN, (begin, end) => {
      const from = k.variable(begin, 'from')
      // All parts have a row at the first places; at the last ones only the earlier parts do.
      for (let streams = STREAMS; streams > 0; streams--) {
        const to = k.let(v.max(from.get(), v.min(end, v.sub(columns, v.mul(part, streams - 1)))), 'to')
        k.for(from.get(), to, (column) =>
          k.for(0, rows, (row) => k.call(kernels[streams - 1] as KernelFunction, [row, column, part, own])),
        )
        from.set(to)
      }
    })
  },
}

/** More rows of x: a tile of w for all of them, then the next. */
const multiplyMany: KernelSource<undefined> = {
  applies: (launch) => onIntegers(launch) && !ofFewRows(launch),
  variant,
  params,
  workspace,
  build(k, { inputs }) {
    const format = inputs[1]?.dtype as BlockFormat
    const buffers = declare(k)
    const { rows, columns } = buffers
    const [shared, one] = [SHARED_ROWS, 1].map((count) => sharedDots(k, count, format, buffers)) as [
      KernelFunction,
      KernelFunction,
    ]
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
  multiplyFew,
  multiplyMany,
  { ...general, applies: (launch) => !onIntegers(launch) },
] satisfies KernelSource<undefined>[]
