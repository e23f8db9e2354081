import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import { take } from '../ops/take.js'
import { type Initializer, normalInit } from './initializers.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/** One learned vector a token.  int [...] -> [..., C]. An id outside the table gives NaN, so that the mistake shows. */
export class Embedding extends Module {
  weight: Parameter

  constructor(vocabulary: number, channels: number, options: { readonly initializer?: Initializer } = {}) {
    super()
    this.weight = new Parameter([vocabulary, channels], options.initializer ?? normalInit())
  }

  forward(ids: TensorLike): Tensor {
    return take(this.weight, ids)
  }
}
