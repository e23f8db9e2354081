import { findBackends } from '@almanac/tensor-core'
import { useSwiftShader } from '@almanac/test-kit/swiftshader'
import { BenchError } from '../shared/bench-error.js'

/** What WebGPU offers here. */
export interface Gpu {
  /** The adapter and the features of it that are used. */
  readonly detail: string
  /** It computes on the CPU: its times say nothing of GPUs. */
  readonly software: boolean
  readonly maxBufferBytes: number
}

/** No adapter to measure on. */
export class GpuError extends BenchError {}

/**
 * The adapter that workloads will get. With `orSoftware`, SwiftShader where there is no other: child processes find it, too.
 * Rejects with GpuError.
 */
export async function findGpu(orSoftware: boolean): Promise<Gpu> {
  const found = (await look()) ?? (orSoftware && setUpSwiftShader() ? await look() : null)
  if (found) return found
  const detail = (await findBackends()).find(({ name }) => name === 'webgpu')?.detail ?? ''
  throw new GpuError('bench: webgpu', 'a GPU', 'none', `"--quick" runs without one. WebGPU says: ${detail}`)
}

async function look(): Promise<Gpu | null> {
  const backends = await findBackends()
  const gpu = backends.find(({ name }) => name === 'webgpu')
  if (!gpu?.works || !gpu.device) return null
  const { limits } = await gpu.device.start()
  await gpu.device.close()
  // A software adapter stands behind wasm.
  return { detail: gpu.detail, software: backends[0] !== gpu, maxBufferBytes: limits.maxBufferBytes }
}

function setUpSwiftShader(): boolean {
  const driver = useSwiftShader()
  if ('missing' in driver) return false
  Object.assign(process.env, driver.environment)
  return true
}
