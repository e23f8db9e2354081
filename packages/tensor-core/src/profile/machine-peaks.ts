import { compile } from '../compile/compile.js'
import { tensor } from '../create.js'
import { currentDevice } from '../default-device.js'
import type { Device } from '../device.js'
import { BackendError } from '../errors.js'
import { defineFused } from '../fused/define-fused.js'
import type { Tensor } from '../graph/tensor.js'
import { zeros, zerosLike } from '../ops/full.js'
import { State } from '../state/state.js'
import { FMA_PROBE_FLOPS, FMA_PROBE_ROUNDS } from './fma-probe.kernel.js'
import { gpuPeakProbes } from './gpu-peak-probes.js'
import { READ_PROBE_PIECES } from './read-probe.kernel.js'

/** What a device reaches at most: multiply-adds in registers, and reading memory that no cache holds. */
export interface MachinePeaks {
  readonly gigaflops: number
  readonly gigabytesPerSecond: number
}

const fmaProbe = defineFused({
  name: 'fmaProbe',
  fallback: (start: Tensor, _: { workers: number }) => zerosLike(start),
  kernels: { wasm: () => import('./fma-probe.kernel.js') },
  inPlace: { 0: 0 },
})

const readProbe = defineFused({
  name: 'readProbe',
  fallback: (_: Tensor) => zeros([READ_PROBE_PIECES]),
  kernels: { wasm: () => import('./read-probe.kernel.js') },
})

/** Launches over few elements run on one thread; this many are not few. */
const FMA_ELEMENTS = 2 ** 17
/** 128 MiB: more than any cache. */
const READ_ELEMENTS = 2 ** 25

/** One measurement a call. */
export interface PeakProbes {
  gigaflops(): Promise<number>
  gigabytesPerSecond(): Promise<number>
  /** Gives the memory back. */
  close(): void
}

/**
 * Functions that measure a device's peaks: on wasm in about 30 and 5 ms, on webgpu by kernels of some 10 ms on the GPU's own
 * clock. Interleave them with what they are compared with. Rejects with BackendError where the backend cannot take times.
 */
export async function peakProbes(device: Device = currentDevice()): Promise<PeakProbes> {
  const { threads, name } = await device.enqueue('peaks', async ({ timer, name }) => ({
    threads: timer?.threads,
    name,
  }))
  if (threads === undefined) {
    throw new BackendError(
      'peaks',
      'a wasm device, or a webgpu one with timestamp-query',
      device.name,
      'Give the probes wasmDevice().',
    )
  }
  if (name === 'webgpu') return gpuPeakProbes(device)
  const cell = new State({ shape: [FMA_ELEMENTS] }, { device, name: 'fma probe' })
  const runFma = compile(() => {
    const y = fmaProbe(cell, { workers: threads })
    cell.assign(y)
    return y.slice([[0, 1]])
  })
  let memory: Tensor | null = null
  const runRead = compile((x: Tensor) => readProbe(x))
  return {
    async gigaflops(): Promise<number> {
      // Chains that start below 1/2 stay finite and normal.
      cell.assign(0.25)
      await cell.value.data()
      const start = performance.now()
      await (await runFma()).data()
      return (FMA_PROBE_ROUNDS * FMA_PROBE_FLOPS * threads) / (performance.now() - start) / 1e6
    },
    async gigabytesPerSecond(): Promise<number> {
      if (!memory) {
        memory = await tensor([0.25], { device }).expand([READ_ELEMENTS]).copy().realize()
        await (await runRead(memory)).data()
      }
      const start = performance.now()
      await (await runRead(memory)).data()
      return (4 * READ_ELEMENTS) / (performance.now() - start) / 1e6
    },
    close() {
      memory?.dispose()
      memory?.dispose()
      memory = null
    },
  }
}

/** The best of a few measurements of each peak. */
export async function measurePeaks(device: Device = currentDevice()): Promise<MachinePeaks> {
  const probes = await peakProbes(device)
  const best = async (probe: () => Promise<number>): Promise<number> => {
    let most = 0
    for (let i = 0; i < 5; i++) most = Math.max(most, await probe())
    return most
  }
  try {
    return { gigaflops: await best(probes.gigaflops), gigabytesPerSecond: await best(probes.gigabytesPerSecond) }
  } finally {
    probes.close()
  }
}
