import { type Device, setDefaultDevice, wasmDevice, webgpuDevice } from '@almanac/tensor-core'

/** Where a workload runs. */
export type BenchBackend = 'wasm' | 'webgpu'

/** A device of its own for a workload, made the default. Threads are for wasm. */
export function openDevice(backend: BenchBackend | undefined, threads: number): Device {
  const device = backend === 'webgpu' ? webgpuDevice() : wasmDevice({ threads })
  setDefaultDevice(device)
  return device
}
