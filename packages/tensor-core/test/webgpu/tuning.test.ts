import { assertClose, toleranceFor } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { largeTiles } from '../../src/backends/webgpu/matmul/large-tiles.js'
import { mediumTiles } from '../../src/backends/webgpu/matmul/medium-tiles.js'
import { rowsShapes } from '../../src/backends/webgpu/matmul/rows-shapes.js'
import { smallTiles } from '../../src/backends/webgpu/matmul/small-tiles.js'
import { TUNED_FAMILIES } from '../../src/backends/webgpu/tuning/tuned-families.js'
import {
  ArgumentError,
  cpuDevice,
  type Device,
  explain,
  profile,
  type Tensor,
  type Tuning,
  type TuningProgress,
  tensor,
  tune,
  wasmDevice,
  webgpuDevice,
} from '../../src/index.js'
import { sizeOf } from '../../src/shape.js'
import { kernelFamily } from '../../src/wgsl/kernel-family.js'
import { onDevice } from '../support/on-device.js'

const [gpu, nothing] = [await swiftShaderGpu(), await nullGpu()]
afterEach(() => void vi.restoreAllMocks())

const numbers = (seed: number, shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + seed * 13) % 23) / 8 - 1),
    { shape },
  )

/** For each family a product that runs by it, with edges: [batch, M, K, N]. */
const PRODUCTS: Readonly<Record<string, readonly [number, number, number, number]>> = {
  [largeTiles.name]: [128, 65, 20, 66],
  [mediumTiles.name]: [128, 37, 20, 40],
  [smallTiles.name]: [2, 29, 40, 41],
  [rowsShapes.name]: [1, 3, 36, 30],
}
const product = (name: string): Tensor => {
  const [batch, m, k, n] = PRODUCTS[name] as readonly [number, number, number, number]
  return numbers(1, [batch, m, k]).matmul(numbers(2, [batch, n, k]), { transposeB: true })
}
const configurations = TUNED_FAMILIES.flatMap(({ family: { name, configurations } }) =>
  configurations.map(([configuration]) => [name, configuration] as const),
)

/** A table as `tune` makes it on this GPU, with other choices. */
async function tableFor(on: GPU, features: readonly string[] | undefined, choices: Tuning['choices']): Promise<Tuning> {
  const device = webgpuDevice({ adapter: await alteredAdapter(on, features ? { features } : {}) })
  const table = await tune({ device, shapes: {} })
  await device.close()
  return { ...table, choices }
}

describe('families of kernels', () => {
  it('have at most twelve configurations with names of their own, and fit every device', () => {
    for (const { family } of TUNED_FAMILIES) {
      const names = family.configurations.map(([name]) => name)
      expect(names.length, family.name).toBeLessThanOrEqual(12)
      expect(new Set(names).size, family.name).toBe(names.length)
    }
    expect(() => kernelFamily('none', [])).toThrow('none: 1 to 12 configurations, not 0.')
    for (const [name, { rows, columns, depth, high, wide }] of [
      ...largeTiles.configurations,
      ...mediumTiles.configurations,
      ...smallTiles.configurations,
    ]) {
      expect((rows / high) * (columns / wide), name).toBeLessThanOrEqual(256)
      expect(4 * depth * (rows + columns), name).toBeLessThanOrEqual(16_384)
    }
  })
})

describe.skipIf(!gpu)('every configuration', () => {
  it('computes the same product', async () => {
    const reference = wasmDevice({ threads: 1 })
    const table = await tableFor(gpu as GPU, undefined, {})
    const texts = new Set<string>()
    for (const { family } of TUNED_FAMILIES) {
      const expected = await onDevice(reference, () => product(family.name).data())
      for (const [configuration] of family.configurations) {
        const device = webgpuDevice({
          gpu: gpu as GPU,
          tuning: { ...table, choices: { [family.name]: configuration } },
        })
        await onDevice(device, async () => {
          const what = `${family.name} ${configuration}`
          const { launches } = await explain(() => product(family.name))
          const [text] = launches.flatMap(({ kernels }) => kernels) as [string]
          texts.add(text)
          assertClose(await product(family.name).data(), expected, toleranceFor('float32', 'matmul'), what)
        })
        await device.close()
      }
    }
    // Each is code of its own.
    expect(texts.size).toBe(configurations.length)
    await reference.close()
  }, 300_000)
})

describe.skipIf(!nothing)("Dawn's validator takes every configuration", () => {
  it.each([[[]], [['shader-f16']], [['subgroups']], [['shader-f16', 'subgroups']]] as const)(
    'with the features %j',
    async (features) => {
      const table = await tableFor(nothing as GPU, features, {})
      expect(table.adapter.features).toEqual(features)
      for (const [family, configuration] of configurations) {
        const adapter = await alteredAdapter(nothing as GPU, { features })
        const device = webgpuDevice({ adapter, tuning: { ...table, choices: { [family]: configuration } } })
        await onDevice(device, async () => {
          const [batch, m, k, n] = PRODUCTS[family] as readonly [number, number, number, number]
          for (const dtype of ['float32', 'float16', 'bfloat16'] as const) {
            const [a, b] = [numbers(1, [batch, m, k]).cast(dtype), numbers(2, [batch, n, k]).cast(dtype)]
            await a.matmul(b, { transposeB: true }).cast('float32').mul(2).realize()
          }
        })
        await device.close()
      }
    },
    60_000,
  )
})

describe.skipIf(!gpu)('tune', () => {
  it.each([[['subgroups']], [['subgroups', 'timestamp-query']]] as const)(
    'times every configuration and makes a table, with the features %j',
    async (features) => {
      const device = webgpuDevice({ adapter: await alteredAdapter(gpu as GPU, { features }) })
      const seen: TuningProgress[] = []
      const table = await tune({
        device,
        shapes: { matmulRows: [[1, 1, 16, 24]] },
        onProgress: (progress) => seen.push(progress),
      })
      expect(JSON.parse(JSON.stringify(table))).toEqual(table)
      expect(table).toMatchObject({
        format: 'almanac tuning 1',
        adapter: { vendor: 'google', architecture: 'swiftshader', features: ['subgroups'] },
      })
      expect(Object.keys(table.choices)).toEqual(['matmulRows'])
      const names = rowsShapes.configurations.map(([name]) => name)
      expect(names).toContain(table.choices.matmulRows)
      expect(seen.map(({ done, total, configuration }) => [done, total, configuration])).toEqual(
        names.map((name, i) => [i + 1, names.length, name]),
      )
      expect(seen.every(({ milliseconds, etaSeconds }) => (milliseconds as number) > 0 && etaSeconds >= 0)).toBe(true)
      expect(seen.at(-1)?.etaSeconds).toBe(0)
      // The device goes on as before, holding nothing.
      expect((await device.enqueue('memory', async (backend) => backend.memory())).liveBuffers).toBe(0)
      await device.close()
      const tuned = webgpuDevice({ adapter: await alteredAdapter(gpu as GPU, { features }), tuning: table })
      await onDevice(tuned, async () => expect(await product(rowsShapes.name).data()).toHaveLength(90))
      await tuned.close()
    },
    60_000,
  )

  it('refuses devices and families that do not exist', async () => {
    const device = webgpuDevice({ gpu: gpu as GPU })
    await expect(tune({ device, shapes: { matmulCubes: [] } })).rejects.toThrow(
      'tune: expected shapes for matmulLargeTiles, matmulMediumTiles, matmulSmallTiles, matmulRows, got matmulCubes.',
    )
    await device.close()
    await expect(tune({ device: cpuDevice() })).rejects.toThrow(
      'tune: expected a webgpu device, got cpu. Only webgpu has kernels in several configurations.',
    )
  })
})

describe.skipIf(!gpu)('a table', () => {
  const kernelNames = async (device: Device): Promise<string> =>
    onDevice(device, async () => {
      const { launches } = await explain(() => product(rowsShapes.name))
      return launches.flatMap(({ kernels }) => kernels).join('\n')
    })
  const opened = (tuning: unknown): Device => webgpuDevice({ gpu: gpu as GPU, tuning: tuning as Tuning })

  it('of another adapter, or of another version, is ignored with a warning', async () => {
    const table = await tableFor(gpu as GPU, undefined, { matmulRows: '128by1' })
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const textOf = async (tuning: unknown): Promise<string> => {
      const device = opened(tuning)
      const text = await kernelNames(device)
      await device.close()
      return text
    }
    const [usual, tuned] = [await textOf(undefined), await textOf(table)]
    expect(tuned).not.toBe(usual)
    expect(warn).not.toHaveBeenCalled()
    expect(await textOf({ ...table, adapter: { ...table.adapter, vendor: 'acme' } })).toBe(usual)
    expect(warn).toHaveBeenLastCalledWith(
      'webgpu tuning: made on an adapter whose vendor is "acme", not "google": ignored. Run tune() again on this adapter, or open the device without a tuning.',
    )
    expect(await textOf({ ...table, adapter: { ...table.adapter, features: [] } })).toBe(usual)
    expect(await textOf({ ...table, format: 'almanac tuning 0' })).toBe(usual)
    expect(warn).toHaveBeenCalledTimes(3)
  })

  it.each([
    [null, 'a table as tune() returns it, got null'],
    [[], 'a table as tune() returns it, got []'],
    [{}, 'a format, got undefined'],
    [{ format: 'almanac tuning 1' }, 'an adapter as tune() returns it, got undefined'],
    [{ format: 'almanac tuning 1', adapter: {}, choices: 3 }, 'choices as tune() returns it, got 3'],
    [{ format: 'almanac tuning 1', adapter: {}, choices: { x: 'y' } }, 'one of the families matmulLargeTiles, '],
    [{ format: 'almanac tuning 1', adapter: {}, choices: { matmulRows: 7 } }, 'for matmulRows, got 7'],
  ])('that is malformed is refused: %j', async (tuning, text) => {
    const started = opened(tuning).start()
    await expect(started).rejects.toThrow(ArgumentError)
    await expect(started).rejects.toThrow(text)
  })

  it('names the kernels of a profile as before', async () => {
    const device = opened(await tableFor(gpu as GPU, undefined, { matmulRows: '32by2' }))
    await onDevice(device, async () => {
      const { runs } = await profile(() => product(rowsShapes.name).data(), { device })
      expect(runs.map(({ kernel }) => kernel)).toEqual(['matmulRows'])
    })
    await device.close()
  })
})
