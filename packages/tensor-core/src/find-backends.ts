import type { Probe } from './backends/probe.js'
import {
  cpuDevice,
  type WasmDeviceOptions,
  type WebGpuDeviceOptions,
  wasmDevice,
  webgpuDevice,
} from './default-device.js'
import type { Device } from './device.js'

export type BackendName = 'webgpu' | 'wasm' | 'cpu'

export interface FindBackendsOptions {
  /** For the webgpu device and the look at it. */
  readonly webgpu?: WebGpuDeviceOptions
  /** For the wasm device and the look at it. */
  readonly wasm?: WasmDeviceOptions
}

/** What this machine offers under a name. */
export interface FoundBackend {
  readonly name: BackendName
  readonly works: boolean
  /** What it is (the adapter and its features; threads and instructions), or why it does not work. */
  readonly detail: string
  /** Opens on first use, or with `init(device)`; null where the backend does not work. */
  readonly device: Device | null
}

/** A found backend, and whether it is a GPU in name only. */
export interface Candidate extends FoundBackend {
  readonly software: boolean
}

/**
 * What this machine offers, best first: webgpu, wasm, and the cpu backend, a readable reference, last of all. WebGPU on a
 * software adapter is slower than wasm and stands behind it; so does what does not work. Nothing is left running, and it does
 * not reject where a backend does not work.
 */
export async function findBackends(options: FindBackendsOptions = {}): Promise<readonly FoundBackend[]> {
  const candidates = await Promise.all((['webgpu', 'wasm', 'cpu'] as const).map((name) => lookAt(name, options)))
  const rank = ({ name, works, software }: Candidate): number => (name === 'cpu' ? 3 : works ? (software ? 1 : 0) : 2)
  // Stable: webgpu comes before wasm where both are as good.
  return candidates.sort((a, b) => rank(a) - rank(b)).map(({ software: _, ...found }) => found)
}

/** One backend, looked at without starting it. */
export async function lookAt(name: BackendName, options: FindBackendsOptions): Promise<Candidate> {
  const { works, detail, software } = await probe(name, options)
  const device = works ? deviceOf(name, options) : null
  if (device) device.detail = detail
  return { name, works, detail, device, software }
}

async function probe(name: BackendName, { webgpu = {}, wasm = {} }: FindBackendsOptions): Promise<Probe> {
  if (name === 'webgpu') return (await import('./backends/webgpu/index.js')).probeWebGpu(webgpu)
  if (name === 'wasm') return (await import('./backends/wasm/index.js')).probeWasm(wasm)
  return { works: true, software: false, detail: 'the reference in plain TypeScript, one element at a time: slow' }
}

function deviceOf(name: BackendName, { webgpu, wasm }: FindBackendsOptions): Device {
  return name === 'webgpu' ? webgpuDevice(webgpu) : name === 'wasm' ? wasmDevice(wasm) : cpuDevice()
}
