import { floatBits } from '../float-bits.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import type { AdamWOptions } from './adamw-step.js'
import { biasCorrectionValue } from './bias-correction.js'
import { forElements } from './for-elements.js'
import { loadLanes } from './row-kernel.js'

/** One pass over parameter, moments and gradient; the three results may stand where their old values stood. */
const kernel: KernelSource<AdamWOptions> = {
  params: ({ inputs, attributes: { beta1, beta2, eps, weightDecay } }) => [
    sizeOf((inputs[0] as KernelOperand).view.shape),
    ...[beta1, 1 - beta1, Math.log(beta1), beta2, 1 - beta2, Math.log(beta2), eps, weightDecay].map(floatBits),
  ],
  build(k) {
    const [parameter, m, v0, gradient, learningRate, step] = [
      'parameter',
      'm',
      'v',
      'gradient',
      'learningRate',
      'step',
    ].map((name) => k.buffer(name, 'float32', 'read'))
    const [newParameter, newM, newV] = ['newParameter', 'newM', 'newV'].map((name) =>
      k.buffer(name, 'float32', 'write'),
    )
    if (!parameter || !m || !v0 || !gradient || !learningRate || !step || !newParameter || !newM || !newV) return
    const count = k.param('count')
    const [beta1, rest1, logBeta1] = [k.paramF32('beta1'), k.paramF32('rest1'), k.paramF32('logBeta1')]
    const [beta2, rest2, logBeta2] = [k.paramF32('beta2'), k.paramF32('rest2'), k.paramF32('logBeta2')]
    const [eps, weightDecay] = [k.paramF32('eps'), k.paramF32('weightDecay')]

    const rate = k.let(k.load(learningRate, 0))
    const t = k.let(k.load(step, 0))
    const stepSize = k.let(v.div(rate, biasCorrectionValue(k, logBeta1, t)))
    const rootCorrection = k.let(v.div(v.f32(1), v.sqrt(biasCorrectionValue(k, logBeta2, t))))
    const decay = k.let(v.sub(v.f32(1), v.mul(rate, weightDecay)))
    forElements(k, count, (i, lanes) => {
      const g = k.let(loadLanes(gradient, i, lanes))
      const wide = (x: Value): Value => v.splat(x, lanes)
      const nextM = k.let(v.fma(loadLanes(m, i, lanes), wide(beta1), v.mul(g, rest1)))
      const nextV = k.let(v.fma(loadLanes(v0, i, lanes), wide(beta2), v.mul(v.mul(g, g), rest2)))
      const denominator = v.add(v.mul(v.sqrt(nextV), rootCorrection), eps)
      const update = v.div(v.mul(nextM, stepSize), denominator)
      k.store(newParameter, i, v.sub(v.mul(loadLanes(parameter, i, lanes), decay), update))
      k.store(newM, i, nextM)
      k.store(newV, i, nextV)
    })
  },
}

export default kernel
