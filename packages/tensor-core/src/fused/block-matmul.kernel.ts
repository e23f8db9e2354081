import type { BlockFormat } from '../formats/define-format.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'

/** One packed row of weights a unit, read block by block for each row of x while it is in the cache. */
const kernel: KernelSource<undefined> = {
  variant: ({ inputs }: KernelLaunch<undefined>) => ((inputs[1] as KernelOperand).dtype as BlockFormat).name,
  params({ inputs }: KernelLaunch<undefined>) {
    const [x, w] = inputs as [KernelOperand, KernelOperand]
    const [columns, depth] = w.view.shape as [number, number]
    return [sizeOf(x.view.shape) / depth, depth, columns, depth / (w.dtype as BlockFormat).blockSize]
  },
  build(k, { inputs }) {
    const format = inputs[1]?.dtype as BlockFormat
    const x = k.buffer('x', 'float32', 'read')
    const w = k.buffer('w', 'uint8', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [rows, depth, columns, blocks] = [k.param('rows'), k.param('depth'), k.param('columns'), k.param('blocks')]
    const dot = format.dotTile ?? elementwiseDot(format)
    k.parallel(columns, (column) => {
      const from = k.let(v.mul(v.mul(column, blocks), format.bytesPerBlock))
      k.for(0, rows, (row) => {
        const total = k.variable(v.f32(0))
        const xAt = k.let(v.mul(row, depth))
        k.for(0, blocks, (block) => {
          const at = k.let(v.add(from, v.mul(block, format.bytesPerBlock)))
          const part = dot(k, w, at, x, k.let(v.add(xAt, v.mul(block, format.blockSize))))
          total.set(v.add(total.get(), part))
        })
        k.store(y, v.add(v.mul(row, columns), column), total.get())
      })
    })
  },
}

/** The dot product of a block for a format that brings none. */
function elementwiseDot(format: BlockFormat) {
  return (k: KernelBuilder, bytes: BufferRef, at: Value, x: BufferRef, from: Value): Value => {
    const element = format.decodeElement(k, bytes, at)
    const total = k.variable(v.f32(0))
    k.for(0, format.blockSize, (i) => total.set(v.add(total.get(), v.mul(element(i), k.load(x, v.add(from, i))))))
    return total.get()
  }
}

export default kernel
