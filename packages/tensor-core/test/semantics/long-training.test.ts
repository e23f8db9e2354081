import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, expect, test } from 'vitest'
import {
  compile,
  crossEntropy,
  grad,
  key,
  memory,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
  webgpuDevice,
} from '../../src/index.js'
import { Linear, loadStateDict, stateDict } from '../../src/nn/index.js'
import { SGD } from '../../src/optim/index.js'
import { tinyBatch, tinyTraining } from '../support/tiny-decoder.js'

const MIB = 2 ** 20

describe.each([1, 2])('training on wasm with %i thread(s)', (threads) => {
  test('500 steps with the loss read at each: no kernel after step 2, constant live bytes, resident memory within 16 MiB', async () => {
    const device = wasmDevice({ threads })
    const before = setDefaultDevice(device)
    const { step } = tinyTraining()
    const compiled = compile(step)
    const losses: number[] = []
    let [kernels, live, resident] = [0, 0, 0]
    for (let i = 1; i <= 500; i++) {
      const { x, y } = tinyBatch(i)
      losses.push(await (await compiled(x, y)).item())
      if (i === 2) kernels = (await memory()).kernelsCompiled
      if (i === 3) live = (await memory()).liveBytes
      if (i === 50) resident = process.memoryUsage().rss
      if (i % 100 === 0) expect((await memory()).liveBytes).toBe(live)
    }
    const growth = process.memoryUsage().rss - resident
    console.log(
      `${threads} thread(s): ${kernels} kernels at step 2, ${(await memory()).kernelsCompiled} at step 500; live ${live} bytes throughout; resident ${(growth / MIB).toFixed(1)} MiB more than at step 50`,
    )
    expect((await memory()).kernelsCompiled).toBe(kernels)
    expect(growth).toBeLessThanOrEqual(16 * MIB)
    expect(losses.at(-1)).toBeLessThan(losses[0] as number)
    setDefaultDevice(before)
    await device.close()
  })

  test('losses resumed from a state dict equal the uninterrupted ones bit for bit', async () => {
    const device = wasmDevice({ threads })
    const before = setDefaultDevice(device)
    const whole = tinyTraining()
    const stepWhole = compile(whole.step)
    const expected: number[] = []
    let saved: Awaited<ReturnType<typeof stateDict>> | undefined
    const moments = new Map<string, Float32Array | Int32Array>()
    for (let i = 0; i < 20; i++) {
      if (i === 10) {
        saved = await stateDict(whole.model)
        for (const [name, state] of whole.optimizer.namedStates()) {
          moments.set(name, (await state.value.data()) as Float32Array)
        }
      }
      const { x, y } = tinyBatch(i)
      expected.push(await (await stepWhole(x, y)).item())
    }
    const resumed = tinyTraining()
    loadStateDict(resumed.model, saved as NonNullable<typeof saved>)
    for (const [name, state] of resumed.optimizer.namedStates()) {
      state.assign(tensor(moments.get(name) as Float32Array, { shape: state.shape }))
    }
    const stepResumed = compile(resumed.step)
    const got: number[] = []
    for (let i = 10; i < 20; i++) {
      const { x, y } = tinyBatch(i)
      got.push(await (await stepResumed(x, y)).item())
    }
    expect(got).toEqual(expected.slice(10))
    setDefaultDevice(before)
    await device.close()
  })
})

test('one thread and two give the same losses, bit for bit', async () => {
  const runs: number[][] = []
  for (const threads of [1, 2]) {
    const device = wasmDevice({ threads })
    const before = setDefaultDevice(device)
    const step = compile(tinyTraining().step)
    const losses: number[] = []
    for (let i = 0; i < 10; i++) {
      const { x, y } = tinyBatch(i)
      losses.push(await (await step(x, y)).item())
    }
    runs.push(losses)
    setDefaultDevice(before)
    await device.close()
  }
  expect(runs[1]).toEqual(runs[0])
})

const gpu = await swiftShaderGpu()

/**
 * Resident bytes after a collection. Dawn's objects hold memory of SwiftShader until they are collected, in pieces of some
 * MiB: one reading tells little, the median of five tells a leak.
 */
async function residentBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 2; i++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return process.memoryUsage().rss
}
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number

// Smaller than the decoder: SwiftShader computes on the CPU, and what is asked is what a step leaves behind.
test.skipIf(!gpu)(
  'training on webgpu: 2,000 steps with the loss read at each: no buffer and no kernel after step 3, resident memory within 16 MiB',
  { timeout: 240_000 },
  async () => {
    const device = webgpuDevice({ gpu: gpu as GPU })
    const before = setDefaultDevice(device)
    const model = new Linear(8, 5).init(key(3))
    const optimizer = new SGD(model, { learningRate: 0.1, momentum: 0.9 })
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x), y)
      optimizer.step(grad(loss, model.parameters()))
      return loss
    })
    const losses: number[] = []
    const resident: number[] = []
    let held: Awaited<ReturnType<typeof memory>> | undefined
    for (let i = 1; i <= 2000; i++) {
      const x = tensor(
        Float32Array.from({ length: 32 }, (_, at) => Math.sin(at * (1 + (i % 3)))),
        { shape: [4, 8] },
      )
      const y = tensor(Int32Array.from({ length: 4 }, (_, at) => (at * 3 + (i % 3)) % 5))
      losses.push(await (await step(x, y)).item())
      if (i === 3) held = await memory()
      if (i % 100 === 0 && i > 100) resident.push(await residentBytes())
      if (i > 3 && i % 100 === 0) expect(await memory()).toEqual(held)
    }
    // Steps 200 to 600 and 1,600 to 2,000.
    const growth = median(resident.slice(-5)) - median(resident.slice(0, 5))
    console.log(
      `webgpu: ${held?.kernelsCompiled} kernels, ${held?.liveBuffers} buffers throughout; resident ${(growth / MIB).toFixed(1)} MiB more at steps 1,600 to 2,000 than at 200 to 600`,
    )
    expect(growth).toBeLessThanOrEqual(16 * MIB)
    expect(losses.at(-1)).toBeLessThan(losses[0] as number)
    setDefaultDevice(before)
    await device.close()
  },
)
