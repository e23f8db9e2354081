import type { Tensor } from '../graph/tensor.js'
import type { TensorLike } from '../graph/tensor-like.js'
import { add } from '../ops/add.js'
import { matmul } from '../ops/matmul.js'
import { type Initializer, kaimingUniform, uniformInit } from './initializers.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

export interface LinearOptions {
  readonly bias?: boolean
  readonly initializer?: Initializer
}

/** y = x W^T + b.  [..., in] -> [..., out]. The weight is stored [out, in], as in PyTorch's files. */
export class Linear extends Module {
  weight: Parameter
  readonly bias: Parameter | null

  constructor(inputs: number, outputs: number, options: LinearOptions = {}) {
    super()
    this.weight = new Parameter([outputs, inputs], options.initializer ?? kaimingUniform())
    this.bias = (options.bias ?? true) ? new Parameter([outputs], uniformInit(1 / Math.sqrt(inputs))) : null
  }

  forward(x: TensorLike): Tensor {
    const y = matmul(x, this.weight, { transposeB: true })
    return this.bias ? add(y, this.bias) : y
  }
}
