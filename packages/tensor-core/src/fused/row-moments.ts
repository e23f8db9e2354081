import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'
import { inverseRoot, loadLanes, sumRow } from './row-kernel.js'

/** Mean of the row at `base` and 1 / sqrt(variance + eps), the variance taken about the mean in a second pass. */
export function rowMoments(
  k: KernelBuilder,
  x: BufferRef,
  base: Value,
  columns: Value,
  eps: Value,
): { mean: Value; scale: Value } {
  const [total] = sumRow(k, columns, 1, ([sum], at, lanes) => [v.add(sum as Value, loadLanes(x, at(base), lanes))])
  const mean = k.let(v.div(total as Value, v.convert(columns, 'f32')))
  const [squares] = sumRow(k, columns, 1, ([sum], at, lanes) => {
    const centred = k.let(v.sub(loadLanes(x, at(base), lanes), mean))
    return [v.fma(centred, centred, sum as Value)]
  })
  return { mean, scale: inverseRoot(k, squares as Value, columns, eps) }
}
