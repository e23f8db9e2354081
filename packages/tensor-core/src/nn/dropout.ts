import { ArgumentError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { dropout } from '../random/distributions.js'
import { Module } from './module.js'

/** Dropout that is active when it is given a key, and only then: there is no train or eval mode.  [...] -> [...] */
export class Dropout extends Module {
  readonly rate: number

  constructor(rate: number) {
    super()
    if (!(rate >= 0 && rate < 1)) throw new ArgumentError('Dropout', 'a rate from 0 up to 1', `${rate}`)
    this.rate = rate
  }

  forward(x: TensorLike, key?: TensorLike): Tensor {
    return key === undefined ? asTensor(x) : dropout(key, x, this.rate)
  }
}
