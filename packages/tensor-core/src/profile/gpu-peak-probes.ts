import { compile } from '../compile/compile.js'
import { tensor } from '../create.js'
import type { Device } from '../device.js'
import { defineFused } from '../fused/define-fused.js'
import type { Tensor } from '../graph/tensor.js'
import { zeros, zerosLike } from '../ops/full.js'
import { GPU_FMA_PROBE_FLOPS } from './fma-probe.wgsl.js'
import type { PeakProbes } from './machine-peaks.js'
import { profile } from './profile.js'
import { GPU_READ_PROBE_SUMS } from './read-probe.wgsl.js'

interface Rounds {
  readonly rounds: number
}

const fmaProbe = defineFused({
  name: 'fmaProbe',
  fallback: (start: Tensor, _: Rounds) => zerosLike(start),
  kernels: { webgpu: () => import('./fma-probe.wgsl.js') },
})

const readProbe = defineFused({
  name: 'readProbe',
  fallback: (_: Tensor, _rounds: Rounds) => zeros([GPU_READ_PROBE_SUMS]),
  kernels: { webgpu: () => import('./read-probe.wgsl.js') },
})

/** Two invocations for each that the largest GPU runs at a time. */
const FMA_ELEMENTS = 2 ** 18
/** 128 MiB: more than almost any cache, and what every device may bind. */
const READ_ELEMENTS = 2 ** 25
/** A hundred times what a browser rounds a GPU's clock to. */
const LONG_ENOUGH_MS = 10
/** Far from what drivers take for a hang. */
const MOST_TIMES_MORE = 16

/** `peakProbes` for a device with timestamp queries: kernels that repeat their work until it takes long enough to measure. */
export function gpuPeakProbes(device: Device): PeakProbes {
  const held = new Map<number, Promise<Tensor>>()
  const filled = (elements: number): Promise<Tensor> => {
    const known = held.get(elements) ?? tensor([0.25], { device }).expand([elements]).copy().realize()
    held.set(elements, known)
    return known
  }
  /** Work a second, of a kernel that does `work` a round. */
  const probe = (of: (x: Tensor, rounds: Rounds) => Tensor, elements: number, work: number) => {
    const repeated = (rounds: number) => ({ rounds, run: compile((x: Tensor) => of(x, { rounds })) })
    let kernel = repeated(1)
    let warm = false
    return async (): Promise<number> => {
      const x = await filled(elements)
      // The first run of a pipeline may still compile it.
      if (!warm) await kernel.run(x)
      warm = true
      for (;;) {
        const { rounds, run } = kernel
        const { runs } = await profile(() => run(x), { device })
        const milliseconds = runs.reduce((sum, { begin, end }) => sum + end - begin, 0)
        if (milliseconds >= LONG_ENOUGH_MS) return (work * rounds) / milliseconds / 1e6
        const times = milliseconds > 0 ? (1.2 * LONG_ENOUGH_MS) / milliseconds : MOST_TIMES_MORE
        kernel = repeated(Math.ceil(rounds * Math.min(MOST_TIMES_MORE, Math.max(2, times))))
      }
    }
  }
  return {
    gigaflops: probe(fmaProbe, FMA_ELEMENTS, FMA_ELEMENTS * GPU_FMA_PROBE_FLOPS),
    gigabytesPerSecond: probe(readProbe, READ_ELEMENTS, 4 * READ_ELEMENTS),
    close() {
      for (const made of held.values()) void made.then((x) => x.dispose())
      held.clear()
    },
  }
}
