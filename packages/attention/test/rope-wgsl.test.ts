import { cpuDevice, type Device, setDefaultDevice, tensor, webgpuDevice } from '@almanac/tensor-core'
import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { KERNEL_FEATURE_SETS, nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rope } from '../src/index.js'

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu()]

/** [B, T, H, D]: fewer pairs than a workgroup's invocations, and more. */
const SHAPES: readonly (readonly [B: number, T: number, H: number, D: number])[] = [
  [2, 3, 1, 2],
  [2, 5, 3, 6],
  [3, 7, 2, 64],
]

function rotated(device: Device, [B, T, H, D]: (typeof SHAPES)[number], interleaved: boolean, ofBatch: boolean) {
  setDefaultDevice(device)
  const x = tensor(Float32Array.from(seededRandom(D).normals(B * T * H * D)), { shape: [B, T, H, D] })
  const positions = Int32Array.from({ length: ofBatch ? B * T : T }, (_, i) => 3 * i + 100)
  return rope(x, tensor(positions, { shape: ofBatch ? [B, T] : [T] }), { interleaved }).data()
}

const cases = SHAPES.flatMap((shape) =>
  [false, true].flatMap((interleaved) => [false, true].map((ofBatch) => [shape, interleaved, ofBatch] as const)),
)

describe.skipIf(!swiftShader)('rope in WGSL on SwiftShader equals the fallback', () => {
  const cpu = cpuDevice()
  let device: Device
  beforeAll(() => {
    device = webgpuDevice({ gpu: swiftShader as GPU })
  })
  afterAll(() => Promise.all([cpu.close(), device.close()]))

  test.each(cases)('%j, interleaved: %s, positions of their own for each row: %s', async (...each) => {
    const [expected, got] = [await rotated(cpu, ...each), await rotated(device, ...each)]
    assertClose(got, expected, toleranceFor('float32', 'elementwise'), 'rope')
  })
})

describe.skipIf(!nothing)("Dawn's validator takes rope in WGSL", () => {
  test.each(KERNEL_FEATURE_SETS.map((kept) => [kept]))('with the features %j', async (kept) => {
    const device = webgpuDevice({ adapter: await alteredAdapter(nothing as GPU, { features: kept }) })
    for (const each of cases) expect(await rotated(device, ...each)).toHaveLength(each[0].reduce((a, b) => a * b, 1))
    await device.close()
  })
})
