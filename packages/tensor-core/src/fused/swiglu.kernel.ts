import * as v from '../kernel/expressions.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import { forElements } from './for-elements.js'
import { loadLanes } from './row-kernel.js'
import { sigmoidOf } from './sigmoid-kernel.js'

const kernel: KernelSource = {
  params: ({ outputs }) => [sizeOf((outputs[0] as KernelOperand).view.shape)],
  build(k) {
    const gate = k.buffer('gate', 'float32', 'read')
    const up = k.buffer('up', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    forElements(k, k.param('count'), (i, lanes) => {
      const x = k.let(loadLanes(gate, i, lanes))
      k.store(y, i, v.mul(v.mul(x, sigmoidOf(k, x)), loadLanes(up, i, lanes)))
    })
  },
}

export default kernel
