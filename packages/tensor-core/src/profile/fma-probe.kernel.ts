import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelSource } from '../ops/op-record.js'

/** Enough chains to hide the latency of a multiply-add on any machine known, few enough for sixteen registers. */
const CHAINS = 12
/** Floating-point operations of one round. */
export const FMA_PROBE_FLOPS = CHAINS * 4 * 2
/** Rounds of one launch: about 30 ms. */
export const FMA_PROBE_ROUNDS = 20_000_000

/**
 * Independent chains of vector multiply-adds in registers, no memory. The buffer holds four floats a worker, best below
 * 1/2: the chains start from them, and their sums go back, so that nothing is optimised away.
 */
const kernel: KernelSource<{ workers: number }> = {
  params: ({ attributes }) => [FMA_PROBE_ROUNDS, attributes.workers],
  build(k) {
    k.buffer('start', 'float32', 'read') // the same buffer as the sink: it is updated in place
    const sink = k.buffer('sink', 'float32', 'readwrite')
    const rounds = k.param('rounds')
    const workers = k.param('workers')
    const params = [{ name: 'rounds', type: 'i32' } as const, { name: 'x', type: 'f32', lanes: 4 } as const]
    const probe = k.func('probe', params, (turns, x) => {
      const sums = Array.from({ length: CHAINS }, (_, i) => k.variable(v.splat(v.f32(i / CHAINS), 4)))
      k.for(0, turns as Value, () => {
        for (const sum of sums) sum.set(v.fma(sum.get(), x as Value, x as Value))
      })
      return sums.map((sum) => sum.get()).reduce((a, b) => v.add(a, b))
    })
    k.parallel(workers, (worker) => {
      const at = k.let(v.mul(worker, 4))
      k.store(sink, at, v.call(probe, [rounds, v.load(sink, at, 4)]))
    })
  },
}

export default kernel
