import { rmsNorm } from '../fused/rms-norm.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import { constantInit } from './initializers.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/** Root-mean-square normalisation with a learned scale.  [..., C] -> [..., C]. See `rmsNorm`. */
export class RMSNorm extends Module {
  readonly weight: Parameter
  readonly eps: number

  constructor(channels: number, options: { readonly eps?: number } = {}) {
    super()
    this.weight = new Parameter([channels], constantInit(1))
    this.eps = options.eps ?? 1e-5
  }

  forward(x: TensorLike): Tensor {
    return rmsNorm(x, this.weight, { eps: this.eps })
  }
}
