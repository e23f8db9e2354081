import { toleranceFor } from '@almanac/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import {
  compile,
  cpuDevice,
  crossEntropy,
  type Device,
  grad,
  key,
  memory,
  q8_0,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
  webgpuDevice,
} from '../../src/index.js'
import { Linear, Module, Parameter } from '../../src/nn/index.js'
import { AdamW } from '../../src/optim/index.js'
import { swiftShaderGpu } from '../webgpu/dawn.js'

const gpu = await swiftShaderGpu()
const wasm = wasmDevice({ threads: 1 })
const cpu = cpuDevice()
const webgpu = gpu ? webgpuDevice({ gpu }) : null
const before = setDefaultDevice(wasm)
afterAll(async () => {
  setDefaultDevice(before)
  await Promise.all([wasm, cpu, webgpu].map((device) => device?.close()))
})

/** Two layers that share their weight. [B, 8] -> [B, 8] */
class Tied extends Module {
  up = new Linear(8, 8)
  down = new Linear(8, 8)
  constructor() {
    super()
    this.down.weight = this.up.weight
  }
  forward(x: Tensor): Tensor {
    return this.down.forward(this.up.forward(x).silu())
  }
}

/** Losses of ten steps from `first`, with a move to `second` in the middle. */
async function train(first: Device, second: Device | null) {
  const outer = setDefaultDevice(first)
  const model = new Tied().init(key(1))
  const optimizer = new AdamW(model, { learningRate: 1e-2 })
  setDefaultDevice(outer)
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  })
  const losses: number[] = []
  for (let i = 0; i < 10; i++) {
    if (i === 5 && second) {
      await model.to(second)
      await optimizer.to(second)
    }
    const x = Float32Array.from({ length: 32 }, (_, at) => Math.sin(at * (1 + (i % 3))))
    const y = Int32Array.from({ length: 4 }, (_, at) => (at * 3 + i) % 8)
    losses.push(await (await step(tensor(x, { shape: [4, 8] }), tensor(y))).item())
  }
  return { losses, model, optimizer }
}

describe('moving a module and its optimiser', async () => {
  const { losses: expected } = await train(wasm, null)
  const routes: readonly (readonly [string, Device | null, Device | null])[] = [
    ['wasm to cpu', wasm, cpu],
    ['cpu to wasm', cpu, wasm],
    ['wasm to webgpu', wasm, webgpu],
    ['webgpu to wasm', webgpu, wasm],
    ['webgpu to cpu', webgpu, cpu],
  ]
  it.each(routes)('%s in the middle of training gives the losses of an unmoved run', async (name, from, to) => {
    if (!from || !to) return console.warn(`skipped: ${name}: no WebGPU here`)
    const held = (await memory(from)).liveBuffers
    const { losses, model, optimizer } = await train(from, to)
    const { rtol, atol } = toleranceFor('float32', 'fused')
    losses.forEach((loss, i) => {
      const wanted = expected[i] as number
      expect(Math.abs(loss - wanted)).toBeLessThan(atol + rtol * wanted)
    })
    expect(model.down.weight).toBe(model.up.weight)
    for (const [, state] of [...model.namedStates(), ...optimizer.namedStates()]) expect(state.device).toBe(to)
    expect((await memory(from)).liveBuffers).toBe(held)
  })

  it('keeps packed weights packed, and cells that hold nothing yet', async () => {
    const layer = new (class extends Module {
      packed = new Parameter([2, 32], () => tensor(0), { dtype: q8_0 })
      empty = new Parameter([3], () => tensor(0))
    })()
    layer.packed.assign(
      tensor(
        Float32Array.from({ length: 64 }, (_, i) => i / 8),
        { shape: [2, 32] },
      ).cast(q8_0),
    )
    const bytes = await layer.packed.value.bytes()
    await layer.to(cpu)
    expect(layer.packed.dtype).toBe(q8_0)
    expect(await layer.packed.value.bytes()).toEqual(bytes)
    expect(layer.empty.device).toBe(cpu)
    await expect(layer.empty.value.data()).rejects.toThrow('one that was never assigned')
  })

  it('refuses an assign that comes meanwhile, and then nothing has moved', async () => {
    const layer = new Linear(2, 2).init(key(0))
    const moving = layer.to(cpu)
    layer.bias?.assign(0)
    await expect(moving).rejects.toThrow(
      'move bias: expected no assign while it moves, got one that came meanwhile. Await the move before the next step.',
    )
    expect(layer.weight.device).toBe(wasm)
    expect(await layer.bias?.value.toArray()).toEqual([0, 0])
  })
})
