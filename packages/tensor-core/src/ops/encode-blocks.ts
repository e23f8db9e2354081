import { ShapeError } from '../errors.js'
import type { BlockFormat } from '../formats/define-format.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import * as v from '../kernel/expressions.js'
import { formatShape, sizeOf } from '../shape.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'

type Attributes = { readonly format: BlockFormat }

/** float32 packed into a block format along the last axis. Straight-through: the gradient passes unchanged. */
export const encodeBlocksRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'encodeBlocks',
  infer([x], { format }) {
    const { shape } = x as TensorSpec
    const last = shape[shape.length - 1] ?? 1
    if (last % format.blockSize !== 0) {
      throw new ShapeError(
        'cast',
        `a last axis of whole ${format.name} blocks (${format.blockSize})`,
        formatShape(shape),
      )
    }
    return [{ shape, dtype: format }]
  },
  reference([x], { format }) {
    const { values } = x as HostValue
    const decoded = new Float32Array(values.length)
    format.decode(format.encode(Float32Array.from(values)), decoded)
    return [Float64Array.from(decoded)]
  },
  kernel: {
    variant: ({ attributes }: KernelLaunch<Attributes>) => attributes.format.name,
    params: ({ inputs, attributes }: KernelLaunch<Attributes>) => [
      sizeOf(inputs[0]?.view.shape ?? []) / attributes.format.blockSize,
    ],
    build(k, { outputs }) {
      const format = outputs[0]?.dtype as BlockFormat
      const x = k.buffer('x', 'float32', 'read')
      const y = k.buffer('y', 'uint8', 'write')
      k.parallel(k.param('blocks'), (block) =>
        format.encodeBlock(k, x, k.let(v.mul(block, format.blockSize)), y, k.let(v.mul(block, format.bytesPerBlock))),
      )
    },
  },
  vjp: ({ dy }) => [dy],
}

/** x (float32) packed in `format`. Throws ShapeError where the last axis is no whole number of blocks. */
export function encodeBlocks(x: Tensor, format: BlockFormat): Tensor {
  return apply(encodeBlocksRecord, [x], { format })
}
