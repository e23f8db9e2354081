import {
  compile,
  cumsum,
  defineFused,
  profile,
  setDefaultDevice,
  type Tensor,
  wasmDevice,
  zeros,
} from '@almanac/tensor-core'
import { repeatUntil } from './repeat-until.js'
import type { Workload } from './workload.js'

const KERNELS = 1000
/** Operands of so many elements make the planner share a kernel between threads. */
const SHARED = 16384

/** Runs in place on both halves of its operand, whatever their size: what is left of its time is calling and meeting. */
const touch = defineFused({
  name: 'touch',
  fallback: (x: Tensor) => x.add(1),
  kernels: { wasm: () => import('./touch.kernel.js') },
  inPlace: { 0: 0 },
})

/**
 * Microseconds a kernel of a compiled program of 1,000, each needing the one before. `alone`: running sums of 8 values, which
 * stay on one thread. `together`: next to no arithmetic, but every thread takes part, so that all must meet before the next.
 * Facts: how many kernels both of two threads really ran, and how many began before the one before had ended everywhere.
 */
export async function prepareChain(threads: number, chain: 'alone' | 'together'): Promise<Workload> {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  const next = chain === 'alone' ? (x: Tensor) => cumsum(x, 0) : (x: Tensor) => touch(x)
  const program = compile((x: Tensor) => {
    let y = x
    for (let i = 0; i < KERNELS; i++) y = next(y)
    return y.slice([[0, 1]])
  })
  const x = await zeros([chain === 'alone' ? 8 : SHARED])
    .copy()
    .realize()
  const run = async () => (await program(x)).data()
  await repeatUntil(50, run)
  return {
    turn: async () => ({ microsecondsAKernel: (1000 * (await repeatUntil(30, run))) / KERNELS }),
    async facts() {
      const { runs } = await profile(run, { device })
      const launches = new Map<number, { threads: number; begin: number; end: number }>()
      for (const { launch, begin, end } of runs) {
        const known = launches.get(launch) ?? { threads: 0, begin, end }
        launches.set(launch, {
          threads: known.threads + 1,
          begin: Math.min(known.begin, begin),
          end: Math.max(known.end, end),
        })
      }
      let [shared, early] = [0, 0]
      let before = Number.NEGATIVE_INFINITY
      for (const [, { threads, begin, end }] of [...launches].sort(([a], [b]) => a - b)) {
        if (threads > 1) shared++
        if (begin < before) early++
        before = end
      }
      return { launches: launches.size, onAllThreads: shared, early }
    },
    close: () => device.close(),
  }
}
