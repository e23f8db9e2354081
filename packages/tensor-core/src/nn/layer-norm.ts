import { layerNorm } from '../fused/layer-norm.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import { constantInit } from './initializers.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/** Layer normalisation with a learned scale and shift.  [..., C] -> [..., C]. See `layerNorm`. */
export class LayerNorm extends Module {
  readonly weight: Parameter
  readonly bias: Parameter
  readonly eps: number

  constructor(channels: number, options: { readonly eps?: number } = {}) {
    super()
    this.weight = new Parameter([channels], constantInit(1))
    this.bias = new Parameter([channels], constantInit(0))
    this.eps = options.eps ?? 1e-5
  }

  forward(x: TensorLike): Tensor {
    return layerNorm(x, this.weight, this.bias, { eps: this.eps })
  }
}
