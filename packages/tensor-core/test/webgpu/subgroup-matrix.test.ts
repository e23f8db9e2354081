import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, expect, it } from 'vitest'
import { SUBGROUP_MATRIX_FEATURE } from '../../src/backends/webgpu/gpu-traits.js'
import { explain, type Tensor, tensor, wasmDevice, webgpuDevice } from '../../src/index.js'
import { sizeOf } from '../../src/shape.js'
import { onDevice } from '../support/on-device.js'
import { emulateMatrices } from './emulate-matrices.js'

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu('allow_unsafe_apis')]

const random = (seed: number, shape: readonly number[]): Tensor =>
  tensor(Float32Array.from(seededRandom(seed).normals(sizeOf(shape))), { shape })

/** [batch, M, K, N]: whole tiles, edges, a depth that is no multiple of a panel's, several tiles and batches. */
const SHAPES = [
  [1, 64, 32, 64],
  [1, 67, 40, 35],
  [2, 33, 21, 70],
] as const
type Case = readonly [batch: number, m: number, k: number, n: number]

/** A product of narrow operands, with what follows it or not; every transposition over the cases. */
function product([batch, m, k, n]: Case, i: number): { plain(): Tensor; finished(): Tensor } {
  const [transposeA, transposeB] = [i % 2 === 1, i % 3 !== 1]
  const a = random(1 + i, transposeA ? [batch, k, m] : [batch, m, k]).cast('float16')
  const b = random(20 + i, transposeB ? [batch, n, k] : [batch, k, n]).cast('float16')
  const plain = () => a.matmul(b, { transposeA, transposeB })
  return {
    plain,
    finished: () =>
      plain()
        .cast('float32')
        .mul(0.5)
        .add(random(40, [n])),
  }
}

const kernelNames = async (fn: () => Tensor): Promise<string> =>
  (await explain(fn)).launches.flatMap(({ kernels }) => kernels).join('\n')

const config = (componentType: string, size: number) => ({
  ...{ componentType, resultComponentType: 'f32' },
  ...{ M: size, N: size, K: size },
})
const info = (componentType: string, size: number, subgroupSize: number) => ({
  ...{ subgroupMinSize: subgroupSize, subgroupMaxSize: subgroupSize },
  subgroupMatrixConfigs: [config(componentType, size)],
})

describe.skipIf(!swiftShader)('products by subgroup matrices, emulated', () => {
  // SwiftShader takes seconds to compile what stands for a matrix unit, and longer for smaller ones, of which there are more.
  it('of matrices of 16 in subgroups of 32 are those of wasm', { timeout: 120_000 }, async () => {
    const [size, subgroupSize] = [16, 32]
    const adapter = await alteredAdapter(swiftShader as GPU, {
      claimed: [SUBGROUP_MATRIX_FEATURE],
      info: info('f32', size, subgroupSize),
      rewrite: emulateMatrices,
    })
    const device = webgpuDevice({ adapter, experimental: ['subgroup-matrix'] })
    const reference = wasmDevice({ threads: 1 })
    for (const [i, shape] of SHAPES.entries()) {
      if (i === 0) continue
      const kind = i % 2 === 0 ? 'plain' : 'finished'
      const run = async () => (await product(shape, i)[kind]().cast('float32')).data()
      const [expected, got] = [await onDevice(reference, run), await onDevice(device, run)]
      assertClose(got, expected, toleranceFor('float16', 'matmul'), `${shape} ${kind}`)
      const text = await onDevice(device, () => kernelNames(product(shape, i).plain))
      expect(text, `${shape}`).toContain('subgroupMatrixMultiplyAccumulate')
    }
    await device.close()
    await reference.close()
  })
})

describe.skipIf(!nothing)("Dawn's validator takes products by subgroup matrices", () => {
  it.each([
    ['f16', 16, 32],
    ['f16', 8, 32],
    ['f32', 8, 32],
    ['f16', 16, 64],
  ] as const)('of %s, matrices of %i, subgroups of %i', async (component, size, subgroupSize) => {
    const adapter = (await nothing?.requestAdapter()) as GPUAdapter
    if (!adapter.features.has(SUBGROUP_MATRIX_FEATURE as GPUFeatureName)) {
      throw new Error('expected the null backend to have subgroup matrices, got none')
    }
    const device = webgpuDevice({
      adapter: await alteredAdapter(nothing as GPU, { info: info(component, size, subgroupSize) }),
      experimental: ['subgroup-matrix'],
    })
    await onDevice(device, async () => {
      for (const [i, shape] of SHAPES.entries()) {
        const { plain, finished } = product(shape, i)
        expect(await kernelNames(plain)).toContain('subgroup_matrix_left')
        await plain().realize()
        await finished().realize()
      }
    })
    await device.close()
  })
})

it('an experimental feature that is none is refused', async () => {
  const device = webgpuDevice({ experimental: ['tensor-cores' as 'subgroup-matrix'] })
  await expect(device.start()).rejects.toThrow(
    'webgpu: expected experimental features of subgroup-matrix, got tensor-cores.',
  )
})
