import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'

/** A flat row-major index taken apart; the first extent is never needed. */
export function decompose(k: KernelBuilder, index: Value, extents: readonly Value[]): Value[] {
  const parts = new Array<Value>(extents.length)
  let rest = index
  for (let axis = extents.length - 1; axis > 0; axis--) {
    const extent = extents[axis] as Value
    const quotient = k.let(v.div(rest, extent))
    parts[axis] = k.let(v.sub(rest, v.mul(quotient, extent)))
    rest = quotient
  }
  if (extents.length > 0) parts[0] = rest
  return parts
}

/** base + sum(index * stride). */
export function offsetAt(base: Value, indices: readonly Value[], strides: readonly Value[]): Value {
  return indices.reduce((sum, index, axis) => v.add(sum, v.mul(index, strides[axis] as Value)), base)
}
