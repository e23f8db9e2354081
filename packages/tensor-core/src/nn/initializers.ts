import type { Tensor } from '../graph/tensor.js'
import { full } from '../ops/full.js'
import { mul } from '../ops/mul.js'
import { normal, uniform } from '../random/distributions.js'
import type { Shape } from '../shape.js'

/** First values of a parameter from a key and its shape. */
export type Initializer = (key: Tensor, shape: Shape) => Tensor

/** Normal with mean 0 and a standard deviation (0.02, as GPT-2). */
export function normalInit(std = 0.02): Initializer {
  return (key, shape) => mul(normal(key, shape), std)
}

/** Uniform in [-bound, bound]. */
export function uniformInit(bound: number): Initializer {
  return (key, shape) => uniform(key, shape, -bound, bound)
}

export function constantInit(value: number): Initializer {
  return (_, shape) => full(shape, value)
}

/** Fan-in of a weight stored [out, in]. */
const fanIn = (shape: Shape): number => shape[shape.length - 1] ?? 1

/** Uniform with bound 1 / sqrt(fan-in): PyTorch's default for Linear. He et al. 2015, arXiv 1502.01852, with a = sqrt(5). */
export function kaimingUniform(): Initializer {
  return (key, shape) => uniform(key, shape, -1 / Math.sqrt(fanIn(shape)), 1 / Math.sqrt(fanIn(shape)))
}

/** Uniform with bound sqrt(6 / (fan-in + fan-out)). Glorot and Bengio 2010, eq. 16. */
export function xavierUniform(): Initializer {
  return (key, shape) => {
    const bound = Math.sqrt(6 / (fanIn(shape) + (shape[0] ?? 1)))
    return uniform(key, shape, -bound, bound)
  }
}
