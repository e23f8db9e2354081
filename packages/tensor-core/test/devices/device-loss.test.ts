import { afterAll, describe, expect, it } from 'vitest'
import {
  compile,
  crossEntropy,
  DeviceLostError,
  grad,
  init,
  key,
  MemoryLimitError,
  memory,
  StateLostError,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
  webgpuDevice,
} from '../../src/index.js'
import { Linear, loadStateDict, stateDict } from '../../src/nn/index.js'
import { SGD } from '../../src/optim/index.js'
import { swiftShaderGpu } from '../webgpu/dawn.js'

const gpu = await swiftShaderGpu()

/** SwiftShader, with the devices that were opened on it. */
function watched(): { gpu: GPU; opened: GPUDevice[] } {
  const opened: GPUDevice[] = []
  const requestAdapter = async () => {
    const adapter = (await (gpu as GPU).requestAdapter()) as GPUAdapter
    const request = adapter.requestDevice.bind(adapter)
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor)
      opened.push(device)
      return device
    }
    return adapter
  }
  return { gpu: { requestAdapter } as unknown as GPU, opened }
}

const before = setDefaultDevice(wasmDevice({ threads: 1 }))
afterAll(() => setDefaultDevice(before))

const batch = (i: number): [Tensor, Tensor] => [
  tensor(
    Float32Array.from({ length: 32 }, (_, at) => Math.sin(at * (1 + (i % 3)))),
    { shape: [4, 8] },
  ),
  tensor(Int32Array.from({ length: 4 }, (_, at) => (at * 3 + i) % 5)),
]

/** A model on the default device, its momentum, and a compiled step that also reads a captured host value. */
function training() {
  const model = new Linear(8, 5).init(key(3))
  const optimizer = new SGD(model, { learningRate: 0.1, momentum: 0.9 })
  const scale = tensor([1, 1, 1, 1, 0.5])
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x).mul(scale), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  })
  return { model, optimizer, step: async (i: number) => (await step(...batch(i))).item() }
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  )

describe.skipIf(!gpu)('a device that is lost', () => {
  it('rejects until it is opened again; a state dict then goes on as if nothing had happened', async () => {
    const { gpu: source, opened } = watched()
    const device = await init(webgpuDevice({ gpu: source }))
    const whole = training()
    const expected: number[] = []
    for (let i = 0; i < 8; i++) expected.push(await whole.step(i))

    const { model, optimizer, step } = training()
    const got: number[] = []
    for (let i = 0; i < 4; i++) got.push(await step(i))
    const saved = await stateDict(model)
    const momentum = new Map<string, Tensor>()
    for (const [name, state] of optimizer.namedStates()) {
      momentum.set(name, tensor((await state.value.data()) as Float32Array, { shape: state.shape }))
    }
    const large = tensor(Float32Array.from({ length: 2048 }, (_, i) => i)).mul(2)
    await large.realize()
    const again = large.add(1).sum()
    await again.item()

    opened[0]?.destroy()
    const text = /expected a live (GPU )?device.*, got one that was lost \(destroyed: .*\)\..* open/
    for (let i = 0; i < 3; i++) {
      const error = await failureOf(step(4))
      expect(error).toBeInstanceOf(DeviceLostError)
      expect(String(error)).toMatch(text)
    }
    await expect(memory(device)).rejects.toThrow(
      /^memory: expected a live device \(webgpu\), got one that was lost \(destroyed: .*\)\. Call init\(device\) to open it again; then load weights and optimiser states from a checkpoint\.$/,
    )

    await init(device)
    expect(opened).toHaveLength(2)
    // What lay on the old backend says so, by name; nothing of it reaches the new one.
    const weight = await failureOf(model.weight.value.data())
    expect(weight).toBeInstanceOf(StateLostError)
    expect(String(weight)).toMatch(/read weight: expected a State with contents, got one whose contents were lost/)
    expect(await failureOf(step(4))).toBeInstanceOf(StateLostError)
    const lost = await failureOf(large.data())
    expect(lost).toBeInstanceOf(DeviceLostError)
    expect(String(lost)).toMatch(
      /expected a tensor whose memory is there, got one of shape \[2048\] that was lost with webgpu\. Make it again/,
    )
    expect(await failureOf(large.add(1).sum().item())).toBeInstanceOf(DeviceLostError)
    expect((await memory(device)).liveBuffers).toBe(0)
    large.dispose()

    loadStateDict(model, saved)
    for (const [name, state] of optimizer.namedStates()) state.assign(momentum.get(name) as Tensor)
    for (let i = 4; i < 8; i++) got.push(await step(i))
    expect(got).toEqual(expected)
    // A cached program of the same form is loaded anew.
    expect(await tensor(new Float32Array(2048)).mul(2).add(1).sum().item()).toBe(2048)
    await device.close()
  })

  it('keeps assigns of host values that had not run, and loses those that need what is gone', async () => {
    const { gpu: source, opened } = watched()
    const device = await init(webgpuDevice({ gpu: source }))
    const model = new Linear(2, 2).init(key(0))
    await model.weight.value.data()
    model.weight.assign(model.weight.value.mul(2))
    model.bias?.assign(tensor([1, 2]))
    opened[0]?.destroy()
    await opened[0]?.lost
    await new Promise((resolve) => setTimeout(resolve))
    await init(device)
    expect(await model.bias?.value.toArray()).toEqual([1, 2])
    await expect(model.weight.value.data()).rejects.toThrow(StateLostError)
    model.weight.assign(
      tensor([
        [1, 0],
        [0, 1],
      ]),
    )
    expect(await model.weight.value.toArray()).toEqual([
      [1, 0],
      [0, 1],
    ])
    await device.close()
  })
})

describe.skipIf(!gpu)('memory that runs out', () => {
  it('is an error of the program alone: the device goes on', async () => {
    const device = webgpuDevice({ gpu: gpu as GPU, memoryLimitBytes: 60_000 })
    const x = tensor(new Float32Array(8192).fill(1), { device })
    await expect(x.mul(2).add(x.exp()).realize()).rejects.toThrow(
      /^webgpu alloc: expected at most 60000 bytes held, got 32768 more over 32768\. Free tensors or use a smaller batch\.$/,
    )
    await expect(x.mul(2).realize()).rejects.toThrow(MemoryLimitError)
    expect(await tensor([1, 2], { device }).mul(2).toArray()).toEqual([2, 4])
    expect((await memory(device)).liveBuffers).toBe(0)
    await device.close()
  })

  it('names a feature that the user insists on and the adapter lacks', async () => {
    await expect(init(webgpuDevice({ gpu: gpu as GPU, require: ['shader-f16'] }))).rejects.toThrow(
      /^webgpu: expected an adapter with shader-f16, got google swiftshader .* with subgroups, timestamp-query\. Leave it out of `require`, or use another adapter\.$/,
    )
  })
})
