import type { BlockFormat } from '../formats/define-format.js'
import * as v from '../kernel/expressions.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'

/** A unit decodes one block of one row. */
const kernel: KernelSource<undefined> = {
  variant: ({ inputs }: KernelLaunch<undefined>) => ((inputs[0] as KernelOperand).dtype as BlockFormat).name,
  params({ inputs }: KernelLaunch<undefined>) {
    const [w, indices] = inputs as [KernelOperand, KernelOperand]
    const [rows, depth] = w.view.shape as [number, number]
    return [sizeOf(indices.view.shape), rows, depth / (w.dtype as BlockFormat).blockSize]
  },
  build(k, { inputs }) {
    const format = inputs[0]?.dtype as BlockFormat
    const { blockSize, bytesPerBlock } = format
    const w = k.buffer('w', 'uint8', 'read')
    const indices = k.buffer('indices', 'int32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [count, rows, blocks] = [k.param('count'), k.param('rows'), k.param('blocks')]
    k.parallel(v.mul(count, blocks), (unit) => {
      const row = k.let(k.load(indices, v.div(unit, blocks)))
      const to = k.let(v.mul(unit, blockSize))
      k.if(
        v.and(v.ge(row, 0), v.lt(row, rows)),
        () => {
          const block = v.add(v.mul(row, blocks), v.rem(unit, blocks))
          const element = format.decodeElement(k, w, k.let(v.mul(block, bytesPerBlock)))
          k.for(0, blockSize, (i) => k.store(y, v.add(to, i), element(i)))
        },
        () => k.for(0, blockSize, (i) => k.store(y, v.add(to, i), v.f32(Number.NaN))),
      )
    })
  },
}

export default kernel
