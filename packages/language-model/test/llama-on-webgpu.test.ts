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
import { generateTokens, Llama } from '../src/index.js'

const gpu = await swiftShaderGpu()

const SIZES = { vocabSize: 48, hiddenSize: 32, intermediateSize: 40, layers: 2, heads: 4, kvHeads: 2 }

/** Losses of some steps over two documents a row. */
async function losses(device: Device, T: number): Promise<number[]> {
  const before = setDefaultDevice(device)
  try {
    const model = new Llama({ ...SIZES, maxPositions: T }).init(key(0))
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

/** Tokens after a prompt, over a cache. */
async function continued(device: Device): Promise<number[]> {
  const before = setDefaultDevice(device)
  try {
    const model = new Llama({ ...SIZES, maxPositions: 160 }).init(key(3))
    const prompt = Array.from({ length: 140 }, (_, i) => (i * i + 5) % 48)
    const tokens: number[] = []
    for await (const token of generateTokens(model, prompt, { temperature: 0, maxTokens: 8 })) tokens.push(token)
    return tokens
  } finally {
    setDefaultDevice(before)
  }
}

describe.skipIf(!gpu)('a Llama on webgpu', () => {
  const devices: Device[] = []
  beforeAll(() => {
    devices.push(wasmDevice({ threads: 1 }), webgpuDevice({ gpu: gpu as GPU }))
  })
  afterAll(() => Promise.all(devices.map((device) => device.close())))

  // Attention by tiles, and by few rows of a kv head.
  test.each([21, 3])('trains with the losses of wasm on rows of %i tokens', { timeout: 180_000 }, async (T) => {
    const [expected, got] = [await losses(devices[0] as Device, T), await losses(devices[1] as Device, T)]
    const { rtol, atol } = toleranceFor('float32', 'fused')
    expected.forEach((loss, i) => {
      expect(Math.abs((got[i] as number) - loss), `step ${i}: ${got[i]}, ${loss}`).toBeLessThan(atol + rtol * loss)
    })
    expect(got[3]).toBeLessThan(got[0] as number)
  })

  // A prompt by tiles; then a query a step over several chunks of the cache.
  test('continues a prompt with the tokens of wasm', { timeout: 180_000 }, async () => {
    const [expected, got] = [await continued(devices[0] as Device), await continued(devices[1] as Device)]
    expect(expected).toHaveLength(8)
    expect(got).toEqual(expected)
  })

  test('goes on generating where it is moved', { timeout: 180_000 }, async () => {
    const before = setDefaultDevice(devices[0] as Device)
    try {
      const model = new Llama({ ...SIZES, maxPositions: 32 }).init(key(5))
      const write = async () => {
        const tokens: number[] = []
        for await (const token of generateTokens(model, [1, 2, 3], { temperature: 0, maxTokens: 6 })) tokens.push(token)
        return tokens
      }
      const here = await write()
      await model.to(devices[1] as Device)
      setDefaultDevice(devices[1] as Device)
      expect(await write()).toEqual(here)
    } finally {
      setDefaultDevice(before)
    }
  })
})
