import { isBlock } from '../dtype.js'
import type { BlockFormat } from '../formats/define-format.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import * as v from '../kernel/expressions.js'
import { sizeOf } from '../shape.js'
import type { HostValue, KernelLaunch, KernelOperand, KernelSignature, OpaqueRecord, TensorSpec } from './op-record.js'

/** A packed tensor as float32. */
export const decodeBlocksRecord: OpaqueRecord<undefined> = {
  kind: 'opaque',
  name: 'decodeBlocks',
  infer: ([x]) => [{ shape: (x as TensorSpec).shape, dtype: 'float32' }],
  reference: ([x]) => [(x as HostValue).values], // host values of a block format are decoded already
  kernel: {
    variant: ({ inputs }: KernelLaunch<undefined>) => ((inputs[0] as KernelOperand).dtype as BlockFormat).name,
    params: ({ inputs }: KernelLaunch<undefined>) => [
      sizeOf((inputs[0] as KernelOperand).view.shape) / ((inputs[0] as KernelOperand).dtype as BlockFormat).blockSize,
    ],
    build(k, { inputs }: KernelSignature) {
      const format = inputs[0]?.dtype as BlockFormat
      const x = k.buffer('x', 'uint8', 'read')
      const y = k.buffer('y', 'float32', 'write')
      k.parallel(k.param('blocks'), (block) => {
        const bytes = k.let(v.mul(block, format.bytesPerBlock))
        const element = format.decodeElement(k, x, bytes)
        k.for(0, format.blockSize, (i) => k.store(y, v.add(v.mul(block, format.blockSize), i), element(i)))
      })
    },
  },
  vjp: ({ dy }) => [dy],
}

/** The values of a tensor packed in a block format, float32.  [...] -> [...] */
export function decodeBlocks(x: Tensor): Tensor {
  return isBlock(x.dtype) ? apply(decodeBlocksRecord, [x], undefined) : x
}
