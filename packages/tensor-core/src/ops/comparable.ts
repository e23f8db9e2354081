import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'

/** A value as something with an order: bools compare as 0 and 1. */
export function comparable(x: Value): Value {
  return x.type === 'bool' ? v.convert(x, 'i32') : x
}
