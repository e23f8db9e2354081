import { toleranceFor } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import {
  compile,
  cpuDevice,
  crossEntropy,
  type Device,
  grad,
  init,
  key,
  setDefaultDevice,
  type Tensor,
  tensor,
  webgpuDevice,
} from '../../src/index.js'
import { LayerNorm, Linear, Module } from '../../src/nn/index.js'
import { AdamW } from '../../src/optim/index.js'

const gpu = await swiftShaderGpu()

class Mlp extends Module {
  norm = new LayerNorm(12)
  up = new Linear(12, 24)
  down = new Linear(24, 5)
  forward(x: Tensor): Tensor {
    return this.down.forward(this.up.forward(this.norm.forward(x)).silu())
  }
}

/** Losses of some training steps with a device as the default, and what the backend holds after each. */
async function train(device: Device, steps: number) {
  const before = setDefaultDevice(device)
  await init(device)
  const model = new Mlp().init(key(1))
  const optimizer = new AdamW(model, { learningRate: 1e-2 })
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  })
  const losses: number[] = []
  const held = []
  const backend = await device.start()
  for (let i = 0; i < steps; i++) {
    const x = Float32Array.from({ length: 8 * 12 }, (_, at) => Math.sin(at * (1 + (i % 3))))
    const y = Int32Array.from({ length: 8 }, (_, at) => (at * 3 + (i % 3)) % 5)
    const loss = await step(tensor(x, { shape: [8, 12] }), tensor(y, { shape: [8] }))
    losses.push(await loss.item())
    held.push(backend.memory())
  }
  setDefaultDevice(before)
  return { losses, held }
}

describe.skipIf(!gpu)('training on webgpu', () => {
  const device = webgpuDevice({ gpu: gpu as GPU })
  const cpu = cpuDevice()
  afterAll(() => Promise.all([device.close(), cpu.close()]))

  it('gives the losses of the cpu backend, compiles nothing after the second step and holds no more', async () => {
    const [expected, got] = [await train(cpu, 12), await train(device, 12)]
    got.losses.forEach((loss, i) => {
      const { rtol, atol } = toleranceFor('float32', 'fused')
      const wanted = expected.losses[i] as number
      expect(Math.abs(loss - wanted)).toBeLessThan(atol + rtol * wanted)
    })
    expect(got.losses[11]).toBeLessThan(got.losses[0] as number)
    expect(got.held[11]).toEqual(got.held[3])
  })
})
