import type { WebGpuOptions } from './backends/webgpu/index.js'
import { Device } from './device.js'

let current: Device | null = null

/** The device that new States and realisations use where no tensor says otherwise: wasm, unless `setDefaultDevice` was called. */
export function currentDevice(): Device {
  current ??= wasmDevice()
  return current
}

/** Makes `device` the default; returns the one before. */
export function setDefaultDevice(device: Device): Device {
  const before = currentDevice()
  current = device
  return before
}

/** Number of threads: the machine's cores unless told otherwise. */
export interface WasmDeviceOptions {
  readonly threads?: number
  readonly memoryMaximumBytes?: number
  readonly workerUrl?: string
}

/** WebAssembly with SIMD and threads: the default. Its code is loaded when it is first used. */
export function wasmDevice(options: WasmDeviceOptions = {}): Device {
  return new Device('wasm', async () => (await import('./backends/wasm/index.js')).wasm(options))
}

/** The readable reference backend; with 'f64' every float is stored and computed in double precision (for gradchecks). */
export function cpuDevice(options: { readonly precision?: 'f32' | 'f64' } = {}): Device {
  return new Device(options.precision === 'f64' ? 'cpu (f64)' : 'cpu', async () =>
    (await import('./backends/cpu/index.js')).cpu(options),
  )
}

/** WebGPU: the browser's, or Dawn's npm package `webgpu` in Node. */
export function webgpuDevice(options: Pick<WebGpuOptions, 'adapter' | 'gpu' | 'experimental'> = {}): Device {
  return new Device('webgpu', async () => (await import('./backends/webgpu/index.js')).webgpu(options))
}
