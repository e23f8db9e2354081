import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { KERNEL_FEATURE_SETS, nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import { foldGroups } from '../../src/backends/webgpu/dispatch-count.js'
import { compile, explain, type Tensor, tensor, webgpuDevice } from '../../src/index.js'
import { sizeOf } from '../../src/shape.js'
import { onDevice } from '../support/on-device.js'

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu()]

/** Small integers: sums of their products are exact in every order and in every float format. */
const numbers = (seed: number, shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + seed * 13) % 5) - 2),
    { shape },
  )

/** [B, M, K, N]: rows, small and large tiles, edges, panels that can and cannot be read by fours. */
const shapes: readonly (readonly [batch: number, m: number, k: number, n: number])[] = [
  [1, 1, 64, 50],
  [1, 3, 33, 20],
  [2, 4, 16, 9],
  [1, 5, 7, 3],
  [3, 32, 16, 32],
  [1, 33, 20, 70],
  [1, 768, 24, 770],
  [1, 35, 600, 36], // in parts of K
  [2, 40, 70, 36],
]

function product(left: Float32Array, right: Float32Array, [batch, m, k, n]: (typeof shapes)[number]): number[] {
  const y: number[] = []
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let d = 0; d < k; d++) {
          sum += (left[(b * m + i) * k + d] as number) * (right[(b * k + d) * n + j] as number)
        }
        y.push(sum)
      }
  return y
}

describe.skipIf(!swiftShader)('products in WGSL on SwiftShader', () => {
  const device = webgpuDevice({ gpu: swiftShader as GPU })
  afterAll(() => device.close())

  it.each(shapes)(
    'of [%i, %i, %i, %i], every transposition and float format, with what follows them',
    async (...shape) => {
      const [batch, m, k, n] = shape
      const bias = numbers(3, [n])
      await onDevice(device, async () => {
        const [left, right] = [numbers(1, [batch, m, k]), numbers(2, [batch, k, n])]
        const expected = product((await left.data()) as Float32Array, (await right.data()) as Float32Array, shape)
        const biases = await bias.data()
        for (const [transposeA, transposeB, dtype] of [
          [false, false, 'float32'],
          [false, true, 'float32'],
          [true, false, 'float32'],
          [true, true, 'float32'],
          [false, true, 'float16'],
          [false, false, 'bfloat16'],
        ] as const) {
          const a = (transposeA ? left.transpose() : left).cast(dtype).copy()
          const b = (transposeB ? right.transpose() : right).cast(dtype).copy()
          const fn = compile(() => a.matmul(b, { transposeA, transposeB }).cast('float32').add(bias))
          const what = `${transposeA} ${transposeB} ${dtype}`
          const got = await (await fn()).data()
          const wrong = expected.findIndex((value, i) => got[i] !== value + (biases[i % n] as number))
          expect(wrong < 0 ? null : [wrong, got[wrong], expected[wrong]], what).toBeNull()
        }
      })
    },
    120_000,
  )

  it('run as tiles with their epilogue, or by rows', async () => {
    await onDevice(device, async () => {
      const bias = numbers(1, [40])
      const textOf = async (m: number) => {
        const [a, b] = [numbers(2, [m, 24]), numbers(3, [40, 24])]
        const { launches } = await explain(() => a.matmul(b, { transposeB: true }).add(bias))
        return launches.flatMap(({ kernels }) => kernels)
      }
      const [tiles, rows] = [await textOf(30), await textOf(2)]
      expect([tiles.length, rows.length]).toEqual([1, 1])
      expect(tiles[0]).toContain('var<workgroup> aTile')
      expect(rows[0]).toContain('sumParts')
      expect([...tiles, ...rows].every((text) => /fn finish/.test(text))).toBe(true)
    })
  })
})

describe.skipIf(!nothing)("Dawn's validator takes products in WGSL", () => {
  it.each(KERNEL_FEATURE_SETS.map((kept) => [kept]))('with the features %j', async (kept) => {
    const device = webgpuDevice({ adapter: await alteredAdapter(nothing as GPU, { features: kept }) })
    await onDevice(device, async () => {
      for (const [, m, k, n] of shapes) {
        for (const dtype of ['float32', 'float16', 'bfloat16'] as const) {
          const [a, b] = [numbers(1, [m, k]).cast(dtype), numbers(2, [n, k]).cast(dtype)]
          await a.matmul(b, { transposeB: true }).cast('float32').mul(2).realize()
        }
      }
    })
    await device.close()
  })
})

describe('workgroups beyond the limit of one dimension', () => {
  it.each([
    [0, [0, 1]],
    [7, [7, 1]],
    [65_535, [65_535, 1]],
    [65_536, [32_768, 2]],
    [200_000, [50_000, 4]],
  ] as const)('%i are folded', (count, folded) => {
    expect(foldGroups(count, 65_535)).toEqual(folded)
  })
})
