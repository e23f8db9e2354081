import type { BlockFormat } from '../formats/define-format.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../kernel/value.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'

/** Rows of x that share the decoding of a block: their sums, partial sums and the block's values fit in the registers. */
const SHARED_ROWS = 4
/** Rows of w that are used again for the next rows of x before new ones are read: they stay in a second cache. */
const TILE = 64
/** Rows of w of a unit, where a unit takes all rows of x. */
const GRAIN = 4

/**
 * Rows of w are read one after another, once for every SHARED_ROWS rows of x. Each result is one sum in the order of the
 * blocks, whatever rows it shares them with: it does not depend on the batch.
 */
const kernel: KernelSource<undefined> = {
  variant: ({ inputs }: KernelLaunch<undefined>) => ((inputs[1] as KernelOperand).dtype as BlockFormat).name,
  params({ inputs }: KernelLaunch<undefined>) {
    const [x, w] = inputs as [KernelOperand, KernelOperand]
    const [columns, depth] = w.view.shape as [number, number]
    const rows = depth === 0 ? 0 : sizeOf(x.view.shape) / depth
    return [rows, depth, columns, depth / (w.dtype as BlockFormat).blockSize]
  },
  build(k, { inputs }) {
    const format = inputs[1]?.dtype as BlockFormat
    const x = k.buffer('x', 'float32', 'read')
    const w = k.buffer('w', 'uint8', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [rows, depth, columns, blocks] = [k.param('rows'), k.param('depth'), k.param('columns'), k.param('blocks')]
    const { vectorLanes } = k.target
    const int = (name: string) => ({ name, type: 'i32' }) as const
    const dotTile = format.dotTile ?? elementwiseDotTile(format)

    /** y[row .. row + count, column]. */
    const dots = (count: number): KernelFunction =>
      k.func(`dots${count}`, [int('row'), int('column')], (row, column) => {
        const sums = Array.from({ length: count }, () => k.variable(v.splat(v.f32(0), vectorLanes), 'sum'))
        const starts: Value[] = [k.let(v.mul(row as Value, depth))]
        while (starts.length < count) starts.push(k.let(v.add(starts.at(-1) as Value, depth)))
        const wRow = k.let(v.mul(v.mul(column as Value, blocks), format.bytesPerBlock))
        k.for(0, blocks, (block) => {
          const at = k.let(v.add(wRow, v.mul(block, format.bytesPerBlock)))
          const from = k.let(v.mul(block, format.blockSize))
          const next = dotTile(
            k,
            w,
            at,
            x,
            starts.map((start) => k.let(v.add(start, from))),
            sums.map((sum) => sum.get()),
          )
          next.forEach((value, r) => {
            sums[r]?.set(value)
          })
        })
        const to = k.let(v.add(v.mul(row as Value, columns), column as Value))
        sums.forEach((sum, r) => {
          k.store(y, v.add(to, v.mul(columns, v.i32(r))), v.reduceLanes('add', sum.get()))
        })
        return undefined
      })

    const one = dots(1)
    if (vectorLanes === 1) {
      k.parallel(v.mul(rows, columns), (unit) => k.call(one, [v.div(unit, columns), v.rem(unit, columns)]))
      return
    }
    const shared = dots(SHARED_ROWS)
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

/** `dotTile` for a format that brings none. */
function elementwiseDotTile(format: BlockFormat): NonNullable<BlockFormat['dotTile']> {
  return (k: KernelBuilder, bytes: BufferRef, at, x, from, sums) => {
    const element = format.decodeElement(k, bytes, at)
    const parts = sums.map(() => k.variable(v.f32(0), 'part'))
    k.for(0, format.blockSize, (i) => {
      const value = k.let(element(i))
      parts.forEach((part, r) => {
        part.set(v.fma(value, k.load(x, v.add(from[r] as Value, i)), part.get()))
      })
    })
    // All in the first lane.
    return sums.map((sum, r) => {
      const part = (parts[r] as (typeof parts)[0]).get()
      return sum.lanes === 1 ? v.add(sum, part) : v.add(sum, inFirstLane(part, sum.lanes))
    })
  }
}

function inFirstLane(value: Value, lanes: number): Value {
  const order = Array.from({ length: lanes }, (_, lane) => (lane === 0 ? 0 : lanes))
  return v.shuffle(v.splat(value, lanes), v.splat(v.f32(0), lanes), order)
}

export default kernel
