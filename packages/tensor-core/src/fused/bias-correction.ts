import type { Tensor } from '../graph/tensor.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'
import { add } from '../ops/add.js'
import { exp } from '../ops/exp.js'
import { lt } from '../ops/lt.js'
import { mul } from '../ops/mul.js'
import { sub } from '../ops/sub.js'
import { where } from '../ops/where.js'

/*
 * 1 - beta^step for AdamW, as 1 - e^z with z = step log(beta). In float32 the difference itself would keep 2 digits of
 * 1 - 0.999; where z is small it is -z (1 + z/2 (1 + z/3 (...))) instead.
 */

/** Terms of the series, and how far it serves: the next term is below 2^-24 of the sum. */
const TERMS = 9
const SMALL = -0.5

/** In tensor ops.  step [] -> [] */
export function biasCorrection(beta: number, step: Tensor): Tensor {
  const z = mul(step, Math.log(beta))
  let series = add(mul(z, 1 / TERMS), 1)
  for (let n = TERMS - 1; n > 1; n--) series = add(mul(mul(z, series), 1 / n), 1)
  return where(lt(z, SMALL), sub(1, exp(z)), mul(mul(z, series), -1))
}

/** In a kernel, with log(beta) for beta. */
export function biasCorrectionValue(k: KernelBuilder, logBeta: Value, step: Value): Value {
  const z = k.let(v.mul(step, logBeta))
  let series = v.add(v.mul(z, 1 / TERMS), 1)
  for (let n = TERMS - 1; n > 1; n--) series = v.add(v.mul(v.mul(z, series), 1 / n), 1)
  return k.let(v.select(v.lt(z, SMALL), v.sub(v.f32(1), v.exp(z)), v.neg(v.mul(z, series))))
}
