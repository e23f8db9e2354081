import { ArgumentError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { normalizeAxis } from '../ops/axes.js'
import { concat, stack } from '../ops/concat.js'
import { reshape } from '../ops/reshape.js'
import { slice } from '../ops/slice.js'

/**
 * Sequential scan: (carry, y) = step(carry, x[t]) for t = 0, 1, ... along axis 0.  carry, [T, ...] -> last carry, [T, ...].
 * The steps are laid out one after another in the graph, so its gradient is that of the steps; long sequences make long
 * programs.
 */
export function scan(
  step: (carry: Tensor, x: Tensor) => readonly [carry: Tensor, y: Tensor],
  initial: Tensor,
  xs: Tensor,
): { carry: Tensor; ys: Tensor } {
  const [length, ...rest] = xs.shape
  if (!length) throw new ArgumentError('scan', 'at least one step along axis 0', `${length ?? 'a scalar'}`)
  let carry = initial
  const ys: Tensor[] = []
  for (let t = 0; t < length; t++) {
    const [next, y] = step(carry, reshape(slice(xs, [[t, t + 1]]), rest))
    carry = next
    ys.push(y)
  }
  return { carry, ys: stack(ys) }
}

/**
 * All prefixes of an associative operation along an axis, in log2(T) rounds: y[t] = x[0] * ... * x[t]. The elements are
 * lists of tensors that share the axis, so that (a, b) pairs of a linear recurrence can be scanned. Hillis and Steele 1986.
 */
export function associativeScan(
  combine: (left: Tensor[], right: Tensor[]) => Tensor[],
  elements: readonly Tensor[],
  axis = 0,
): Tensor[] {
  const first = elements[0]
  if (!first) throw new ArgumentError('associativeScan', 'at least one tensor', 'none')
  const at = normalizeAxis('associativeScan', axis, first.rank)
  const length = first.shape[at] as number
  const part = (x: Tensor, from: number, to: number) =>
    slice(
      x,
      x.shape.map((n, i) => (i === at ? [from, to] : [0, n])),
    )
  let current = [...elements]
  for (let shift = 1; shift < length; shift *= 2) {
    const combined = combine(
      current.map((x) => part(x, 0, length - shift)),
      current.map((x) => part(x, shift, length)),
    )
    current = current.map((x, i) => concat([part(x, 0, shift), combined[i] as Tensor], at))
  }
  return current
}
