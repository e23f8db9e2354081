import type { BlockFormat, BlockIntegers } from '../formats/define-format.js'
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
/** As many as a vector has lanes: the scales and sums of all streams are then one vector each. */
const STREAMS = 4
const STREAM_GRAIN = 2
/** Floats of a worker's own memory: one vector is used, but no two workers may share a cache line. */
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

/** [rows, depth, columns, blocks, and places in the workspace, in floats: the first scale, the first worker's own memory] */
function params(launch: KernelLaunch<undefined>): [number, number, number, number, number, number] {
  const [x, w] = launch.inputs as [KernelOperand, KernelOperand]
  const [columns, depth] = w.view.shape as [number, number]
  const rows = depth === 0 ? 0 : sizeOf(x.view.shape) / depth
  const [blocks, scales] = [depth / formatOf(launch).blockSize, Math.ceil((rows * depth) / 2)]
  return [rows, depth, columns, blocks, scales, Math.ceil((scales + rows * blocks) / OWN_FLOATS) * OWN_FLOATS]
}

/** int16 values, then a float32 scale a block, then each worker's own memory. */
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
  const [rows, depth, columns, blocks, scales, owns] = ['rows', 'depth', 'columns', 'blocks', 'scales', 'owns'].map(
    (name) => k.param(name),
  ) as [Value, Value, Value, Value, Value, Value]
  return { x, w, y, rounded, rows, depth, columns, blocks, scales, owns }
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

/** The integer products of a block of w with one of x: four int32 sums. */
const multiplyBlocks = (pairs: readonly Value[], x: readonly Value[]): Value =>
  pairs.map((pair, i) => v.dotPacked(pair, x[i] as Value)).reduce((a, b) => v.add(a, b))

/** Interleaves two vectors by halves: (a0 b0 a1 b1) + (a2 b2 a3 b3). */
const addHalves = (a: Value, b: Value): Value => v.add(v.shuffle(a, b, [0, 4, 1, 5]), v.shuffle(a, b, [2, 6, 3, 7]))

/** From (a b a' b') and (c d c' d') the vector (a + a', b + b', c + c', d + d'). */
const addQuarters = (ab: Value, cd: Value): Value =>
  v.add(v.shuffle(ab, cd, [0, 1, 4, 5]), v.shuffle(ab, cd, [2, 3, 6, 7]))

/** The first lanes of four vectors. */
const firstLanes = ([a, b, c, d]: readonly [Value, Value, Value, Value]): Value =>
  v.shuffle(v.shuffle(a, b, [0, 4, 1, 5]), v.shuffle(c, d, [0, 4, 1, 5]), [0, 1, 4, 5])

/** A row of x as `roundRows` left it: its values of a block, from a byte on, and their scale. */
function roundedBlock(k: KernelBuilder, { rounded }: Buffers, blockSize: number, byte: Value, scaleAt: Value) {
  const vectors = Array.from({ length: blockSize / 8 }, (_, i) => v.loadPacked(rounded, v.add(byte, v.i32(16 * i)), 4))
  return { vectors, scale: v.splat(k.load(k.reinterpret(rounded, 'float32'), scaleAt), 4) }
}

const DOT_PARAMS = ['row', 'column', 'apart', 'own'].map((name) => ({ name, type: 'i32' }) as const)

/**
 * y[row, column + s apart] for the four streams s, each a sum in the order of its blocks and a lane of one vector. A stream
 * past the last row of w takes that row once more and stores what its own stream stores.
 *
 * The products of the first two streams pass through the worker's own memory (`own`): V8 brings loads forward and keeps what
 * is only computed for later, up to the next store. Without it all streams' loads come first and spill, which takes 1.1 times
 * as long on Node 20 (on Node 24, which keeps the order, it would save 5 per cent).
 */
function streamDots(k: KernelBuilder, format: BlockFormat, buffers: Buffers): KernelFunction {
  const { blockSize, bytesPerBlock } = format
  const { w, y, rounded, depth, columns, blocks, scales } = buffers
  const { load, scale } = integersOf(format)
  const scratch = k.reinterpret(rounded, 'int32')
  return k.func('dots', DOT_PARAMS, (...args) => {
    const [row, column, apart, own] = args as [Value, Value, Value, Value]
    const values = k.let(v.mul(v.mul(row, depth), 2))
    const scaleStart = k.let(v.add(scales, v.mul(row, blocks)))
    const lines = Array.from({ length: STREAMS }, (_, s) => {
      const from = k.let(v.min(v.add(column, v.mul(apart, s)), v.sub(columns, 1)))
      return { from, at: k.variable(v.mul(v.mul(from, blocks), bytesPerBlock), 'at') }
    })
    const sums = k.variable(v.splat(v.f32(0), STREAMS), 'sums')
    k.for(0, blocks, (block) => {
      const byte = k.let(v.add(values, v.mul(block, 2 * blockSize)))
      const x = roundedBlock(k, buffers, blockSize, byte, v.add(scaleStart, block))
      const vectors = x.vectors.map((vector) => k.let(vector))
      const loaded = lines.map(({ at }) => load(k, w, at.get()))
      const [a, b, c, d] = loaded.map(({ pairs }) => multiplyBlocks(pairs, vectors)) as [Value, Value, Value, Value]
      k.store(scratch, own, addHalves(k.let(a), k.let(b)))
      const second = k.let(addHalves(k.let(c), k.let(d)))
      const totals = v.convert(addQuarters(k.let(v.load(scratch, own, STREAMS)), second), 'f32')
      const heads = loaded.map(({ head }) => head) as [Value, Value, Value, Value]
      sums.set(v.fma(totals, v.mul(scale(firstLanes(heads)), x.scale), sums.get()))
      for (const { at } of lines) at.set(v.add(at.get(), bytesPerBlock))
    })
    const results = k.let(v.mul(sums.get(), unitRoot(format)))
    const to = k.let(v.mul(row, columns))
    for (const [s, { from }] of lines.entries()) k.store(y, v.add(to, from), v.extract(results, s))
    return undefined
  })
}

/** y[row + r, column] for `count` rows of x, which share the unpacking of a block; each a sum in the order of the blocks. */
function sharedDots(k: KernelBuilder, count: number, format: BlockFormat, buffers: Buffers): KernelFunction {
  const { blockSize, bytesPerBlock } = format
  const { w, y, depth, columns, blocks, scales } = buffers
  const { load, scale } = integersOf(format)
  return k.func(`dots${count}`, DOT_PARAMS.slice(0, 2), (...args) => {
    const [row, column] = args as [Value, Value]
    const rows = Array.from({ length: count }, (_, r) => ({
      values: k.let(v.mul(v.mul(v.add(row, v.i32(r)), depth), 2)),
      scales: k.let(v.add(scales, v.mul(v.add(row, v.i32(r)), blocks))),
      sum: k.variable(v.splat(v.f32(0), 4), 'sum'),
    }))
    const at = k.variable(v.mul(v.mul(column, blocks), bytesPerBlock), 'at')
    k.for(0, blocks, (block) => {
      const loaded = load(k, w, at.get())
      const head = k.let(loaded.head)
      const left = k.let(scale(v.shuffle(head, head, [0, 0, 0, 0])))
      const pairs = loaded.pairs.map((pair) => k.let(pair))
      const from = k.let(v.mul(block, 2 * blockSize))
      for (const { values, scales: first, sum } of rows) {
        const byte = k.let(v.add(values, from))
        const x = roundedBlock(k, buffers, blockSize, byte, v.add(first, block))
        sum.set(v.fma(v.convert(multiplyBlocks(pairs, x.vectors), 'f32'), v.mul(left, x.scale), sum.get()))
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
    const { rows, columns, owns } = buffers
    const format = inputs[1]?.dtype as BlockFormat
    const dots = streamDots(k, format, buffers)
    const own = k.let(v.add(owns, v.mul(v.worker(), OWN_FLOATS)), 'own')
    const part = k.let(v.div(v.add(columns, STREAMS - 1), STREAMS), 'part')
    k.parallelRange(part, STREAM_GRAIN, (begin, end) =>
      k.for(begin, end, (column) => k.for(0, rows, (row) => k.call(dots, [row, column, part, own]))),
    )
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
