import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'

/** Lanes of the vectors that `vectorOf` can put together. */
export const GATHER_LANES = 4

/** Four values of one lane side by side. */
export function vectorOf(k: KernelBuilder, parts: readonly Value[]): Value {
  const [a, b, c, d] = parts.map((part) => v.splat(part, GATHER_LANES)) as [Value, Value, Value, Value]
  const low = k.let(v.shuffle(a, b, [0, 4, 0, 4]))
  const high = k.let(v.shuffle(c, d, [0, 4, 0, 4]))
  return k.let(v.shuffle(low, high, [0, 1, 4, 5]))
}
