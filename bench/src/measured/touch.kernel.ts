import type { KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'

/** Adds 1 to one element of each of two halves: next to no arithmetic, dealt out to two threads. */
const kernel: KernelSource = {
  params: ({ inputs }) => [(inputs[0]?.view.shape[0] ?? 0) / 2],
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const half = k.param('half')
    k.parallel(2, (i) => {
      const at = k.let(v.mul(i, half))
      k.store(y, at, v.add(k.load(x, at), 1))
    })
  },
}
export default kernel
