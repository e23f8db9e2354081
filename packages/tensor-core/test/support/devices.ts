import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { cpuDevice, wasmDevice, webgpuDevice } from '../../src/default-device.js'
import type { Device } from '../../src/device.js'

export interface TestDevice {
  readonly name: string
  /** Where the machine cannot open it, null; the reason has been printed. */
  readonly device: Device | null
}

async function opened(name: string, make: () => Promise<Device | null>): Promise<TestDevice> {
  const device = await make()
  if (device) await device.start()
  return { name, device }
}

export const cpu = (): Promise<TestDevice> => opened('cpu', async () => cpuDevice())
export const cpu64 = (): Promise<TestDevice> => opened('cpu (float64)', async () => cpuDevice({ precision: 'f64' }))
export const wasm = (threads: number): Promise<TestDevice> =>
  opened(`wasm (threads: ${threads})`, async () => wasmDevice({ threads }))
export const webgpu = (): Promise<TestDevice> =>
  opened('webgpu (SwiftShader)', async () => {
    const gpu = await swiftShaderGpu()
    return gpu ? webgpuDevice({ gpu }) : null
  })
