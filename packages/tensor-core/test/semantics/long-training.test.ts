import { describe, expect, test } from 'vitest'
import { compile, memory, setDefaultDevice, wasmDevice } from '../../src/index.js'
import { loadStateDict, stateDict } from '../../src/nn/index.js'
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
    const { tensor } = await import('../../src/index.js')
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
