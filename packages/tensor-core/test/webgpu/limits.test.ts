import { assertClose, toleranceFor } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, expect, it } from 'vitest'
import { adamwStep, type Device, realize, type Tensor, tensor, wasmDevice, webgpuDevice } from '../../src/index.js'

const gpu = await swiftShaderGpu()

describe.skipIf(!gpu)('limits of a device', () => {
  it('a dispatch of more workgroups than one dimension holds does all of its work', async () => {
    const device = webgpuDevice({ gpu: gpu as GPU })
    // The kernel language: 64 elements a workgroup, so invocations take two turns; WGSL: one row of B a workgroup, folded.
    const mapped = 65_536 * 64 + 100
    const doubled = await tensor([1], { device }).expand([mapped]).mul(2).data()
    expect(doubled).toHaveLength(mapped)
    expect(doubled.every((value) => value === 2)).toBe(true)
    const columns = 65_535 + 70
    const a = tensor([2], { shape: [1, 1], device })
    const b = tensor(
      Float32Array.from({ length: columns }, (_, i) => i),
      { shape: [columns, 1], device },
    )
    const product = await a.matmul(b, { transposeB: true }).data()
    expect(product.findIndex((value, i) => value !== 2 * i)).toBe(-1)
    await device.close()
  }, 60_000)

  it('eight storage buffers are enough for the widest fused op', async () => {
    const adapter = await alteredAdapter(gpu as GPU, { limits: { maxStorageBuffersPerShaderStage: 8 } })
    const step = async (device: Device) => {
      const numbers = (seed: number): Tensor =>
        tensor(
          Float32Array.from({ length: 301 }, (_, i) => (((i * 7 + seed * 5) % 11) + 1) / 8),
          { device },
        )
      const scalar = (value: number): Tensor => tensor(value, { device })
      const options = { beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1 }
      const after = adamwStep(numbers(1), numbers(2), numbers(3), numbers(4), scalar(0.01), scalar(3), options)
      await realize(...after)
      return Promise.all(after.map((t) => t.data()))
    }
    const [limited, whole] = [webgpuDevice({ adapter }), wasmDevice({ threads: 1 })]
    const [got, expected] = [await step(limited), await step(whole)]
    got.forEach((values, i) => {
      assertClose(values, expected[i] as Float32Array, toleranceFor('float32', 'fused'))
    })
    await Promise.all([limited.close(), whole.close()])
  })

  it('no more than two programs are in flight, however many runs are not awaited', async () => {
    const adapter = (await (gpu as GPU).requestAdapter()) as GPUAdapter
    const open = adapter.requestDevice.bind(adapter)
    let [inFlight, most, submitted] = [0, 0, 0]
    adapter.requestDevice = async (descriptor) => {
      const device = await open(descriptor)
      const { queue } = device
      const [submit, done] = [queue.submit.bind(queue), queue.onSubmittedWorkDone.bind(queue)]
      queue.submit = (commands) => {
        submitted++
        most = Math.max(most, ++inFlight)
        return submit(commands)
      }
      queue.onSubmittedWorkDone = async () => {
        await done()
        inFlight--
        return undefined
      }
      return device
    }
    const device = webgpuDevice({ adapter })
    const x = await tensor(new Float32Array(4096), { device }).copy().realize()
    ;[submitted, most] = [0, 0]
    const runs = 20
    const results = Array.from({ length: runs }, (_, i) => x.add(i))
    await Promise.all(results.map((result) => result.realize()))
    expect(submitted).toBe(runs)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(2)
    expect(await (results[runs - 1] as Tensor).slice([[4095, 4096]]).item()).toBe(runs - 1)
    await device.close()
  })
})
