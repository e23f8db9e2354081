import {
  compile,
  type Device,
  defineFused,
  type KernelSource,
  State,
  type Tensor,
  zerosLike,
} from '@almanac/tensor-core'
import { buildFmaProbe, FMA_PROBE_FLOPS } from '@almanac/tensor-core/wasm'

/** Rounds of the probe in one run: about 30 ms. */
const ROUNDS = 20_000_000

const kernel: KernelSource<{ workers: number }> = {
  params: ({ attributes }) => [ROUNDS, attributes.workers],
  build(k) {
    k.buffer('start', 'float32', 'read') // the same buffer as the probe's: it is updated in place
    buildFmaProbe(k)
  },
}

const probe = defineFused({
  name: 'fmaProbe',
  fallback: (start: Tensor, _: { workers: number }) => zerosLike(start),
  kernels: { wasm: async () => ({ default: kernel }) },
  inPlace: { 0: 0 },
})

/** The backend runs launches over few elements on one thread; this many are not few. */
const ELEMENTS = 2 ** 17

/** A function that measures the peak of a wasm device in GFLOP/s: multiply-adds in registers on all its threads. */
export function fmaProbe(device: Device, threads: number): () => Promise<number> {
  const cell = new State({ shape: [ELEMENTS] }, { device, name: 'probe' })
  const run = compile(() => {
    const y = probe(cell, { workers: threads })
    cell.assign(y)
    return y.slice([[0, 1]])
  })
  return async () => {
    // Chains that start below 1/2 stay finite and normal.
    cell.assign(0.25)
    await cell.value.data()
    const start = performance.now()
    await (await run()).data()
    return (ROUNDS * FMA_PROBE_FLOPS * threads) / (performance.now() - start) / 1e6
  }
}
