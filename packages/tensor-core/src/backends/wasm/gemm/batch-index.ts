import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { Value } from '../../../kernel/value.js'

/** Batch axes that a kernel takes; shorter batches are filled up with extents of 1 in front. */
export const MAX_BATCH_AXES = 4

/** Values for all batch axes. */
export function paddedBatch(values: readonly number[], fill: number): number[] {
  return [...new Array<number>(MAX_BATCH_AXES - values.length).fill(fill), ...values]
}

export function batchParams(k: KernelBuilder, name: string): Value[] {
  return Array.from({ length: MAX_BATCH_AXES }, (_, axis) => k.param(`${name}${axis}`))
}

/** For a row-major batch index: for each list of strides, the sum of axis index times stride. */
export function batchOffsets(
  k: KernelBuilder,
  index: Value,
  extents: readonly Value[],
  strides: readonly (readonly Value[])[],
): Value[] {
  const rest = k.variable(index, 'rest')
  const sums = strides.map(() => k.variable(v.i32(0), 'offset'))
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    const extent = extents[axis] as Value
    const at = k.let(v.rem(rest.get(), extent))
    for (const [i, sum] of sums.entries()) sum.set(v.add(sum.get(), v.mul(at, strides[i]?.[axis] as Value)))
    rest.set(v.div(rest.get(), extent))
  }
  return sums.map((sum) => k.let(sum.get()))
}
