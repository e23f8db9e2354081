import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'
import { expNonPositive } from './exp-nonpositive.js'

/** 1 / (1 + e^-x) without overflow: e^-|x| over 1 + e^-|x|, or 1 over it. */
export function sigmoidOf(k: KernelBuilder, x: Value): Value {
  const power = k.let(expNonPositive(k, k.let(v.neg(v.abs(x)))))
  return v.div(v.select(v.lt(x, 0), power, 1), v.add(power, 1))
}
