import { ArgumentError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { add } from '../ops/add.js'
import { argmax } from '../ops/argmax.js'
import { cast } from '../ops/cast.js'
import { cos } from '../ops/cos.js'
import { log } from '../ops/log.js'
import { lt } from '../ops/lt.js'
import { mul } from '../ops/mul.js'
import { neg } from '../ops/neg.js'
import { randomBits } from '../ops/random-bits.js'
import { reshape } from '../ops/reshape.js'
import { shiftRight } from '../ops/shift-right.js'
import { slice } from '../ops/slice.js'
import { sqrt } from '../ops/sqrt.js'
import { where } from '../ops/where.js'
import { type Shape, sizeOf } from '../shape.js'

/** Draws from distributions: each a pure function of a key. The bits are equal on every backend, the floats to rounding. */

/** Multiples of 2^-24 in [low, high).  -> float32 */
export function uniform(key: TensorLike, shape: Shape, low = 0, high = 1): Tensor {
  const unit = mul(cast(shiftRight(randomBits(asTensor(key), shape), 8), 'float32'), 2 ** -24)
  return add(mul(unit, high - low), low)
}

/** Standard normal, by Box and Muller 1958: sqrt(-2 log u) cos(2 pi v).  -> float32 */
export function normal(key: TensorLike, shape: Shape): Tensor {
  const size = sizeOf(shape)
  const pairs = uniform(key, [2, size])
  const row = (i: number) => reshape(slice(pairs, [[i, i + 1]]), shape)
  // 1 - u is never 0.
  const radius = sqrt(mul(log(add(neg(row(0)), 1)), -2))
  return mul(radius, cos(mul(row(1), 2 * Math.PI)))
}

/** True with probability p.  -> bool */
export function bernoulli(key: TensorLike, p: number, shape: Shape): Tensor {
  if (!(p >= 0 && p <= 1)) throw new ArgumentError('bernoulli', 'a probability from 0 to 1', `${p}`)
  return lt(uniform(key, shape), p)
}

/** An index along the last axis, drawn with probability softmax(logits).  [..., N] -> int32 [...]. By the Gumbel-max trick. */
export function categorical(key: TensorLike, logits: TensorLike): Tensor {
  const x = asTensor(logits)
  const gumbel = neg(log(neg(log(add(uniform(key, x.shape), 2 ** -25)))))
  return argmax(add(x, gumbel))
}

/** x with each element zero with probability `rate`, the rest scaled by 1 / (1 - rate). Srivastava et al. 2014. */
export function dropout(key: TensorLike, x: TensorLike, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) throw new ArgumentError('dropout', 'a rate from 0 up to 1', `${rate}`)
  const value = asTensor(x)
  return rate === 0 ? value : where(bernoulli(key, 1 - rate, value.shape), mul(value, 1 / (1 - rate)), 0)
}
