import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'
import { expNonPositive } from './exp-nonpositive.js'
import { loadLanes, maxRow, sumRow } from './row-kernel.js'

/** log(sum(e^x)) of the row of x at `base`, in two passes over it. A row of -Infinity gives -Infinity, one with NaN NaN. */
export function logsumexpRow(k: KernelBuilder, x: BufferRef, base: Value, columns: Value): Value {
  const peak = k.let(maxRow(k, columns, (at, lanes) => loadLanes(x, at(base), lanes)))
  const finite = k.let(v.select(v.lt(v.abs(peak), Infinity), peak, 0))
  const [total] = sumRow(k, columns, 1, ([sum], at, lanes) => [
    v.add(sum as Value, expNonPositive(k, k.let(v.sub(loadLanes(x, at(base), lanes), finite)))),
  ])
  return k.let(v.add(v.log(total as Value), finite))
}
