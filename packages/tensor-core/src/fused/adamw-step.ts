import { ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { add } from '../ops/add.js'
import { div } from '../ops/div.js'
import { mul } from '../ops/mul.js'
import { sqrt } from '../ops/sqrt.js'
import { sub } from '../ops/sub.js'
import { formatShape } from '../shape.js'
import { biasCorrection } from './bias-correction.js'
import { checkOneShape } from './check-one-shape.js'
import { defineFused } from './define-fused.js'
import { takesDTypes } from './takes-dtypes.js'

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly eps: number
  readonly weightDecay: number
}

/**
 * One AdamW update with decoupled weight decay.  parameter, m, v, gradient [...], learningRate [], step [] (1 at the first
 * update) -> the new parameter, m and v. Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2, as PyTorch computes it.
 */
export const adamwStep = defineFused({
  name: 'adamwStep',
  fallback(
    parameter: Tensor,
    m: Tensor,
    v: Tensor,
    gradient: Tensor,
    learningRate: Tensor,
    step: Tensor,
    options: AdamWOptions,
  ) {
    checkOneShape('adamwStep', parameter, m, v, gradient)
    if (learningRate.rank > 0 || step.rank > 0) {
      throw new ShapeError(
        'adamwStep',
        'a learning rate [] and a step []',
        `${formatShape(learningRate.shape)} and ${formatShape(step.shape)}`,
      )
    }
    const { beta1, beta2, eps, weightDecay } = options
    const newM = add(mul(m, beta1), mul(gradient, 1 - beta1))
    const newV = add(mul(v, beta2), mul(mul(gradient, gradient), 1 - beta2))
    const correction1 = biasCorrection(beta1, step)
    const correction2 = biasCorrection(beta2, step)
    const denominator = add(div(sqrt(newV), sqrt(correction2)), eps)
    const decayed = mul(parameter, sub(1, mul(learningRate, weightDecay)))
    const update = div(mul(div(learningRate, correction1), newM), denominator)
    return [sub(decayed, update), newM, newV] as const
  },
  kernels: { wasm: () => import('./adamw-step.kernel.js'), webgpu: () => import('./adamw-step.kernel.js') },
  supports: takesDTypes(),
  inPlace: { 0: 0, 1: 1, 2: 2 },
})
