import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { webgpu } from '../../src/backends/webgpu/index.js'
import { BackendError, DeviceLostError, KernelTypeError, MemoryLimitError } from '../../src/errors.js'
import * as v from '../../src/kernel/expressions.js'
import type { Launch } from '../../src/schedule/program.js'
import { swiftShaderGpu } from './dawn.js'
import { apply, input, operand, opLaunch, program, slot } from './programs.js'
import { floats } from './run-program.js'

const gpu = await swiftShaderGpu()

describe.skipIf(!gpu)('webgpu', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await webgpu({ gpu: gpu as GPU })
  })
  afterAll(() => backend.close())

  const sequence = (n: number, scale = 1): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => ((i * 7) % 23) * scale)
  const _bytesOf = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)

  /** x + 1, through as many temporaries as there are launches but one. */
  const chain = (n: number, launches: number) => {
    const slots = [slot('float32', n), slot('float32', n)]
    const steps = Array.from({ length: launches }, (_, i): Launch => {
      const from = i === 0 ? 0 : slots.length - 1
      const last = i === launches - 1
      if (!last) slots.push(slot('float32', n, 'temporary', i, i + 1))
      return {
        kind: 'map',
        label: `step ${i}`,
        shape: [n],
        inputs: [operand(from, 'float32', [n])],
        outputs: [operand(last ? 1 : slots.length - 1, 'float32', [n])],
        expressions: [apply('float32', [input(0, 'float32')], (x) => v.add(x, 1))],
      }
    })
    return program(slots, steps)
  }

  it('gives temporaries that do not live together the same memory', async () => {
    const executable = await backend.load(chain(1000, 20))
    expect(executable.temporaryBytes).toBe(8000)
    expect(executable.peakBytes).toBe(8000)
    expect(backend.memory().peakBytes).toBe(8000)
    const kernels = await backend.print?.(executable.program)
    expect(kernels).toHaveLength(20)
    expect(kernels?.[0]?.[0]).toMatch(/^kernel .*\{$/m)
    const buffers = [backend.alloc(4000), backend.alloc(4000)] as const
    backend.write(buffers[0], new Uint8Array(sequence(1000).buffer))
    await backend.run(executable, buffers)
    expect([...floats(await backend.read(buffers[1], 0, 4000))]).toEqual([...sequence(1000)].map((x) => x + 20))
    backend.unload(executable)
    for (const buffer of buffers) backend.free(buffer)
  })

  it('programs share temporaries, and give them back when the last is unloaded', async () => {
    const before = backend.memory().arenaBytes
    const small = await backend.load(chain(100, 3))
    const large = await backend.load(chain(10_000, 3))
    const held = backend.memory().arenaBytes - before
    expect(held).toBeGreaterThanOrEqual(80_000)
    expect(held).toBeLessThan(84_000)
    backend.unload(large)
    backend.unload(small)
    expect(backend.memory().arenaBytes).toBe(before)
  })

  it('compiles nothing again for other sizes, and holds no more after 200 runs with a read each', async () => {
    const first = await backend.load(chain(64, 2))
    const kernels = backend.memory().kernelsCompiled
    const x = backend.alloc(4096)
    const y = backend.alloc(4096)
    const second = await backend.load(
      program(
        [slot('float32', 1024), slot('float32', 1024)],
        [
          {
            ...(first.program.launches[0] as Launch & { kind: 'map' }),
            shape: [1024],
            inputs: [operand(0, 'float32', [1024])],
            outputs: [operand(1, 'float32', [1024])],
          },
        ],
      ),
    )
    expect(backend.memory().kernelsCompiled).toBe(kernels)
    let held: ReturnType<Backend['memory']> | null = null
    backend.write(x, new Uint8Array(4096))
    for (let i = 0; i < 200; i++) {
      await backend.run(second, i % 2 ? [y, x] : [x, y])
      const [value] = floats(await backend.read(i % 2 ? x : y, 4 * (i % 1024), 4))
      expect(value).toBe(i + 1)
      held ??= backend.memory()
    }
    expect(backend.memory()).toEqual(held)
    for (const executable of [first, second]) backend.unload(executable)
    for (const buffer of [x, y]) backend.free(buffer)
  })

  describe('reading and writing', () => {
    it('at any byte offset', async () => {
      const buffer = backend.alloc(23)
      const expected = Uint8Array.from({ length: 23 }, (_, i) => i + 1)
      backend.write(buffer, expected)
      for (const [offset, length] of [
        [1, 1],
        [2, 7],
        [5, 2],
        [0, 3],
        [20, 3],
        [7, 12],
        [4, 8],
      ] as const) {
        const bytes = Uint8Array.from({ length }, (_, i) => 100 + offset + i)
        backend.write(buffer, bytes, offset)
        expected.set(bytes, offset)
      }
      expect([...(await backend.read(buffer, 0, 23))]).toEqual([...expected])
      expect([...(await backend.read(buffer, 3, 6))]).toEqual([...expected.subarray(3, 9)])
      expect(await backend.read(buffer, 23, 0)).toHaveLength(0)
      backend.free(buffer)
    })

    it('takes shared memory', async () => {
      const buffer = backend.alloc(8)
      const shared = new Uint8Array(new SharedArrayBuffer(8))
      shared.set([1, 2, 3, 4, 5, 6, 7, 8])
      backend.write(buffer, shared)
      expect([...(await backend.read(buffer, 0, 8))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      backend.free(buffer)
    })

    it('counts its buffers', () => {
      const before = backend.memory()
      const buffers = [backend.alloc(0), backend.alloc(10)]
      expect(backend.memory().liveBuffers - before.liveBuffers).toBe(2)
      expect(backend.memory().liveBytes - before.liveBytes).toBe(16)
      for (const buffer of buffers) backend.free(buffer)
      expect(backend.memory()).toEqual(before)
    })
  })

  describe('errors', () => {
    it('names freed buffers, ranges and wrong numbers of bindings', async () => {
      const buffer = backend.alloc(16)
      await expect(backend.read(buffer, 8, 16)).rejects.toThrow(
        'webgpu read: expected a range within 16 bytes, got 8 to 24.',
      )
      expect(() => backend.write(buffer, new Uint8Array(17))).toThrow(BackendError)
      backend.free(buffer)
      expect(() => backend.free(buffer)).toThrow(
        'webgpu free: expected a live buffer of this backend, got one that was freed or made elsewhere.',
      )
      await expect(backend.read(buffer, 0, 4)).rejects.toThrow(BackendError)
      const executable = await backend.load(chain(4, 1))
      await expect(backend.run(executable, [])).rejects.toThrow(
        'webgpu run: expected 2 buffers, one a bound slot, got 0.',
      )
      backend.unload(executable)
      await expect(backend.run(executable, [])).rejects.toThrow('got one that was unloaded or made elsewhere')
    })

    it('refuses what is larger than a buffer may be before it compiles anything', async () => {
      const bytes = backend.limits.maxBufferBytes + 4
      expect(() => backend.alloc(bytes)).toThrow(MemoryLimitError)
      await expect(backend.load(chain(bytes / 4, 1))).rejects.toThrow(
        `webgpu: slot 0: expected at most ${backend.limits.maxBufferBytes} bytes a buffer, got ${bytes}.`,
      )
    })

    it('keeps to a memory limit', async () => {
      const limited = await webgpu({ gpu: gpu as GPU, memoryLimitBytes: 1000 })
      const buffer = limited.alloc(800)
      expect(() => limited.alloc(400)).toThrow('webgpu alloc: expected at most 1000 bytes held, got 400 more over 800.')
      await expect(limited.load(chain(40, 3))).rejects.toThrow(MemoryLimitError)
      limited.free(buffer)
      limited.unload(await limited.load(chain(40, 3)))
      await limited.close()
    })

    it('refuses kernels that a shader cannot run', async () => {
      const of = (build: Parameters<typeof opLaunch>[3]) =>
        backend.load(program([slot('float32', 8)], [opLaunch('bad', [], [operand(0, 'float32', [8])], build)]))
      await expect(
        of((k) => k.store(k.buffer('x', 'float32', 'write'), 0, v.convert(v.worker(), 'f32'))),
      ).rejects.toThrow(KernelTypeError)
      await expect(of((k) => k.store(k.buffer('x', 'float32', 'write'), 0, v.splat(v.f32(1), 4)))).rejects.toThrow(
        'webgpu kernel bad: expected values of one lane, got 4 lanes.',
      )
      await expect(
        of((k) => {
          const x = k.buffer('x', 'float32', 'write')
          k.store(x, 0, v.f32(1))
          k.parallel(4, (i) => k.store(x, i, v.f32(1)))
        }),
      ).rejects.toThrow('webgpu kernel bad: expected stores inside the parallel loop only, got one outside.')
      await expect(of((k) => k.store(k.buffer('x', 'float32', 'read'), 0, v.f32(1)))).rejects.toThrow(
        'webgpu kernel bad: expected stores into writable buffers only, got one into x.',
      )
    })

    it('names the launch whose shader does not compile', async () => {
      const launch = opLaunch('no such type', [], [operand(0, 'float32', [8])], (k) => {
        k.store(k.buffer('x', 'float32', 'write'), 0, {
          kind: 'local',
          local: { id: 9, name: 'nowhere', type: 'f32', lanes: 1 },
          type: 'f32',
          lanes: 1,
        })
      })
      const loading = backend.load(program([slot('float32', 8)], [launch]))
      await expect(loading).rejects.toThrow(BackendError)
      await expect(loading).rejects.toThrow(/^webgpu: no such type: expected a shader that compiles, got .*nowhere_9/s)
      // The backend goes on.
      backend.unload(await backend.load(chain(4, 1)))
    })

    it('a lost device is an error of every later call', async () => {
      const adapter = (await (gpu as GPU).requestAdapter()) as GPUAdapter
      let device: GPUDevice | undefined
      const open = adapter.requestDevice.bind(adapter)
      vi.spyOn(adapter, 'requestDevice').mockImplementation(async (descriptor) => {
        device = await open(descriptor)
        return device
      })
      const lost = await webgpu({ adapter })
      const buffer = lost.alloc(16)
      const executable = await lost.load(chain(4, 1))
      device?.destroy()
      const error = await lost.run(executable, [buffer, lost.alloc(16)]).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(DeviceLostError)
      expect(String(error)).toMatch(
        /DeviceLostError: webgpu run: expected a live GPU device, got one that was lost \(destroyed/,
      )
      await expect(lost.read(buffer, 0, 4)).rejects.toThrow(DeviceLostError)
      expect(() => lost.alloc(4)).toThrow(DeviceLostError)
      await lost.close()
    })

    it('is unusable after close, which may be called twice', async () => {
      const closed = await webgpu({ gpu: gpu as GPU })
      const buffer = closed.alloc(4)
      await closed.close()
      await closed.close()
      expect(closed.memory()).toMatchObject({ liveBuffers: 0, liveBytes: 0, arenaBytes: 0 })
      expect(() => closed.alloc(4)).toThrow('webgpu alloc: expected an open backend, got one that was closed.')
      await expect(closed.read(buffer, 0, 4)).rejects.toThrow(BackendError)
    })
  })
})
