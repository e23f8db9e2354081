import {
  compile,
  crossEntropy,
  type Device,
  grad,
  key,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
  webgpuDevice,
} from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import { toleranceFor } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Llama } from '../src/index.js'

const gpu = await swiftShaderGpu()

/** Losses of some steps over two documents a row. */
async function losses(device: Device, T: number): Promise<number[]> {
  const before = setDefaultDevice(device)
  try {
    const model = new Llama({
      vocabSize: 48,
      hiddenSize: 32,
      intermediateSize: 40,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      maxPositions: T,
    }).init(key(0))
    const optimizer = new AdamW(model, { learningRate: 1e-2 })
    const step = compile((ids: Tensor, targets: Tensor, firsts: Tensor) => {
      const loss = crossEntropy(model.forward(ids, { firsts }), targets)
      optimizer.step(grad(loss, model.parameters()))
      return loss
    })
    const tokens = (seed: number) =>
      tensor(
        Int32Array.from({ length: 2 * T }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % 48),
        { shape: [2, T] },
      )
    const firsts = tensor(
      Int32Array.from({ length: 2 * T }, (_, i) => (i % T < T / 3 ? 0 : Math.ceil(T / 3))),
      { shape: [2, T] },
    )
    const found: number[] = []
    for (let i = 0; i < 4; i++) found.push(await (await step(tokens(1), tokens(2), firsts)).item())
    return found
  } finally {
    setDefaultDevice(before)
  }
}

describe.skipIf(!gpu)('training on webgpu', () => {
  const devices: Device[] = []
  beforeAll(() => {
    devices.push(wasmDevice({ threads: 1 }), webgpuDevice({ gpu: gpu as GPU }))
  })
  afterAll(() => Promise.all(devices.map((device) => device.close())))

  // Attention by tiles, and by few rows of a kv head.
  test.each([21, 3])(
    'gives the losses of wasm on rows of %i tokens',
    async (T) => {
      const [expected, got] = [await losses(devices[0] as Device, T), await losses(devices[1] as Device, T)]
      const { rtol, atol } = toleranceFor('float32', 'fused')
      expected.forEach((loss, i) => {
        expect(Math.abs((got[i] as number) - loss), `step ${i}: ${got[i]}, ${loss}`).toBeLessThan(atol + rtol * loss)
      })
      expect(got[3]).toBeLessThan(got[0] as number)
    },
    180_000,
  )
})
