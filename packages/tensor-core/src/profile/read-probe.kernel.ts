import * as v from '../kernel/expressions.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'

/** Pieces of the buffer, read in parallel; y has an element for each. */
export const READ_PROBE_PIECES = 16
/** Vectors of a turn of the loop. */
const UNROLL = 8

/** Reads a float32 buffer from end to end: y[i] is the sum of piece i, so that nothing is optimised away. */
const kernel: KernelSource = {
  params: ({ inputs }) => [Math.floor(sizeOf((inputs[0] as KernelOperand).view.shape) / READ_PROBE_PIECES)],
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const length = k.param('length')
    k.parallel(READ_PROBE_PIECES, (piece) => {
      const start = k.let(v.mul(piece, length))
      const sums = Array.from({ length: UNROLL }, () => k.variable(v.splat(v.f32(0), 4)))
      k.for(
        start,
        v.add(start, length),
        (i) => {
          for (const [u, sum] of sums.entries()) sum.set(v.add(sum.get(), v.load(x, v.add(i, v.i32(4 * u)), 4)))
        },
        4 * UNROLL,
      )
      const total = sums.map((sum) => sum.get()).reduce((a, b) => v.add(a, b))
      k.store(y, piece, v.reduceLanes('add', total))
    })
  },
}

export default kernel
