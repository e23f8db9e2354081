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
    const dy = k.buffer('dy', 'float32', 'read')
    const dGate = k.buffer('dGate', 'float32', 'write')
    const dUp = k.buffer('dUp', 'float32', 'write')
    forElements(k, k.param('count'), (i, lanes) => {
      const x = k.let(loadLanes(gate, i, lanes))
      const s = k.let(sigmoidOf(k, x))
      const d = k.let(loadLanes(dy, i, lanes))
      // Both values before either is stored: an output may stand where an input stood.
      const slope = v.mul(s, v.add(v.mul(x, v.sub(v.f32(1), s)), 1))
      const gradient = k.let(v.mul(v.mul(d, loadLanes(up, i, lanes)), slope))
      k.store(dUp, i, v.mul(d, v.mul(x, s)))
      k.store(dGate, i, gradient)
    })
  },
}

export default kernel
