import { nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Device, findBackends, init, setDefaultDevice, tensor, wasmDevice, webgpuDevice } from '../../src/index.js'

const software = await swiftShaderGpu()
/** Executes nothing, but it says of itself that it is no fallback: what a real GPU looks like from here. */
const hardware = await nullGpu()

/** A WebGPU that finds no adapter. */
const noAdapter = { requestAdapter: async () => null } as unknown as GPU

/** A WebGPU whose adapter refuses to give a device from the `nth` request on. */
function refusing(gpu: GPU, nth: number): GPU {
  let asked = 0
  return {
    requestAdapter: async () => {
      const adapter = (await gpu.requestAdapter()) as GPUAdapter
      if (++asked < nth) return adapter
      return new Proxy(adapter, {
        get: (target, name) =>
          name === 'requestDevice'
            ? () => Promise.reject(new Error('the driver is busy'))
            : Reflect.get(target, name, target),
      })
    },
  } as unknown as GPU
}

const made: Device[] = []
const started = async (device: Promise<Device>): Promise<Device> => {
  made.push(await device)
  return device
}
const before = setDefaultDevice(wasmDevice({ threads: 1 }))
afterEach(async () => {
  setDefaultDevice(before)
  await Promise.all(made.splice(0).map((device) => device.close()))
  vi.restoreAllMocks()
})

describe('findBackends', () => {
  it('lists wasm before cpu with what they are, and webgpu with why it does not work', async () => {
    const found = await findBackends({ webgpu: { gpu: noAdapter }, wasm: { threads: 3 } })
    expect(found.map(({ name, works }) => [name, works])).toEqual([
      ['wasm', true],
      ['webgpu', false],
      ['cpu', true],
    ])
    expect(found[0]?.detail).toMatch(/^3 threads, SIMD, (no )?relaxed SIMD$/)
    expect(found[0]?.device?.detail).toBe(found[0]?.detail)
    expect(found[1]?.device).toBeNull()
    expect(found[1]?.detail).toMatch(/^webgpu: expected a GPU adapter, got none\. In Node, Dawn needs a Vulkan/)
  })

  it('says why a page has one thread', async () => {
    vi.stubGlobal('crossOriginIsolated', false)
    const [wasm] = await findBackends({ webgpu: { gpu: noAdapter }, wasm: { threads: 4 } })
    vi.unstubAllGlobals()
    expect(wasm?.detail).toMatch(/^1 thread \(the page is not cross-origin isolated\), SIMD/)
  })

  it.skipIf(!software)('puts a software adapter behind wasm and says so', async () => {
    const found = await findBackends({ webgpu: { gpu: software as GPU } })
    expect(found.map(({ name, works }) => [name, works])).toEqual([
      ['wasm', true],
      ['webgpu', true],
      ['cpu', true],
    ])
    expect(found[1]?.detail).toMatch(
      /^google swiftshader SwiftShader driver .*, subgroups, timestamp-query; a software adapter, slower than wasm: only used when it is asked for by name$/,
    )
  })

  it.skipIf(!hardware)('puts a GPU first, with the features that are used, and leaves no device open', async () => {
    const open: GPUDevice[] = []
    const watched = {
      requestAdapter: async () => {
        const adapter = (await (hardware as GPU).requestAdapter()) as GPUAdapter
        const request = adapter.requestDevice.bind(adapter)
        vi.spyOn(adapter, 'requestDevice').mockImplementation(async (descriptor) => {
          const device = await request(descriptor)
          open.push(device)
          return device
        })
        return adapter
      },
    } as unknown as GPU
    const found = await findBackends({ webgpu: { gpu: watched } })
    expect(found.map(({ name }) => name)).toEqual(['webgpu', 'wasm', 'cpu'])
    expect(found[0]?.detail).toBe('null-backend, shader-f16, subgroups, timestamp-query')
    expect(open).toHaveLength(1)
    expect((await open[0]?.lost)?.reason).toBe('destroyed')
    // The device that comes with it opens anew.
    await found[0]?.device?.start()
    expect(open).toHaveLength(2)
    await found[0]?.device?.close()
  })

  it.skipIf(!hardware)('names a device that is refused, and a feature that is missing', async () => {
    const gpu = refusing(hardware as GPU, 1)
    const refused = (await findBackends({ webgpu: { gpu } })).find(({ name }) => name === 'webgpu')
    expect(refused).toMatchObject({ works: false, device: null })
    expect(refused?.detail).toMatch(/^webgpu: expected a GPU device, got Error: the driver is busy\./)
    const adapter = (await (hardware as GPU).requestAdapter()) as GPUAdapter
    const require = ['texture-compression-nowhere' as GPUFeatureName]
    const missing = (await findBackends({ webgpu: { adapter, require } })).find(({ name }) => name === 'webgpu')
    expect(missing?.detail).toBe(
      'webgpu: expected an adapter with texture-compression-nowhere, got null-backend with shader-f16, subgroups, timestamp-query. Leave it out of `require`, or use another adapter.',
    )
    // Neither look has used the adapter up.
    await started(init(webgpuDevice({ adapter })))
  })
})

describe('init', () => {
  it.skipIf(!hardware)('without a device takes the best and says nothing', async () => {
    const warn = vi.spyOn(console, 'warn')
    const device = await started(init({ webgpu: { gpu: hardware as GPU } }))
    expect([device.name, device.chosen]).toEqual(['webgpu', 'webgpu, the best that works here'])
    expect(device.detail).toContain('null-backend')
    expect(warn).not.toHaveBeenCalled()
  })

  it.skipIf(!software)('takes wasm before a software adapter and gives the reason; the device computes', async () => {
    const warn = vi.spyOn(console, 'warn')
    const device = await started(init({ webgpu: { gpu: software as GPU }, wasm: { threads: 1 } }))
    expect(device.name).toBe('wasm')
    expect(device.chosen).toMatch(/^wasm, the best that works here; webgpu is google swiftshader .*slower than wasm/)
    expect(device.detail).toMatch(/^1 thread, SIMD/)
    expect(await tensor([1, 2]).mul(2).toArray()).toEqual([2, 4])
    expect(warn).not.toHaveBeenCalled()
  })

  it.skipIf(!software)('takes a software adapter where it is preferred, with a warning', async () => {
    const lines: string[] = []
    const device = await started(
      init({ prefer: 'webgpu', webgpu: { gpu: software as GPU }, warn: (l) => lines.push(l) }),
    )
    expect([device.name, device.chosen]).toEqual(['webgpu', 'webgpu, as preferred'])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^init: webgpu is used, as preferred, but it is google swiftshader .*slower than wasm/)
  })

  it('falls back from what is preferred and warns once, on the console where nobody listens', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const options = { prefer: 'webgpu', webgpu: { gpu: noAdapter }, wasm: { threads: 1 } } as const
    const device = await started(init(options))
    await started(init(options))
    expect(device.name).toBe('wasm')
    expect(device.chosen).toMatch(/^wasm, the best that works here; webgpu does not work here \(webgpu: expected a GPU/)
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toMatch(
      /^init: webgpu is not used, wasm is: webgpu does not work here \(webgpu: expected a GPU adapter, got none\..*\)\.$/,
    )
  })

  it.skipIf(!hardware)('goes on to the next where the best fails to start after all', async () => {
    const lines: string[] = []
    const gpu = refusing(hardware as GPU, 2)
    const device = await started(init({ webgpu: { gpu }, wasm: { threads: 1 }, warn: (l) => lines.push(l) }))
    expect(device.name).toBe('wasm')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^init: webgpu is not used, wasm is: webgpu does not work here \(.*the driver is busy/)
  })

  it('insists on a device that is passed', async () => {
    await expect(init(webgpuDevice({ gpu: noAdapter }))).rejects.toThrow(
      'webgpu: expected a GPU adapter, got none. In Node, Dawn needs a Vulkan, Metal or Direct3D 12 driver; on Linux, VK_ICD_FILENAMES can name one. The wasm backend needs none.',
    )
    const device = await started(init(wasmDevice({ threads: 1 })))
    expect([device.name, device.chosen]).toEqual(['wasm', ''])
  })
})
