import { cpuDevice, type Device, setDefaultDevice, wasmDevice, webgpuDevice } from '@almanac/tensor-core'
import { loadGolden } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, test } from 'vitest'
import { compareTenSteps, type Golden, tenSteps } from './ten-steps.js'

const golden = loadGolden<Golden>(import.meta.url, './goldens/llama-training.json')

const gpu = await swiftShaderGpu()

describe.each([
  ['cpu in float64', () => cpuDevice({ precision: 'f64' }), 'float64'],
  ['wasm, one thread', () => wasmDevice({ threads: 1 }), 'float32'],
  ['wasm, two threads', () => wasmDevice({ threads: 2 }), 'float32'],
  ...(gpu ? ([['webgpu', () => webgpuDevice({ gpu }), 'float32']] as const) : []),
] as const)('ten training steps equal PyTorch on %s', (_, make, precision) => {
  test.each(['tied', 'untied'] as const)('%s head', async (kind) => {
    const device: Device = make()
    const before = setDefaultDevice(device)
    try {
      const off = compareTenSteps(await tenSteps(golden, kind), golden, kind, precision)
      console.log(`${kind}: losses within ${off.toExponential(1)}`)
    } finally {
      setDefaultDevice(before)
      await device.close()
    }
  })
})
