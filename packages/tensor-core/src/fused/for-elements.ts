import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'

/** Elements of a unit of parallel work where there are vectors. */
const GRAIN = 256

/** body for each of `count` elements, in parallel and by vectors: of an element's value neither depends on its neighbours. */
export function forElements(k: KernelBuilder, count: Value, body: (i: Value, lanes: number) => void): void {
  k.parallelRange(count, k.target.vectorLanes === 1 ? 1 : GRAIN, (begin, end) => k.forVector(begin, end, body))
}
