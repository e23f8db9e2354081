import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { KERNEL_FEATURE_SETS, nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import {
  blockMatmul,
  explain,
  gatherMatmul,
  ones,
  q4_0,
  q8_0,
  segmentedMatmul,
  type Tensor,
  tensor,
  webgpuDevice,
} from '../../src/index.js'
import { onDevice } from '../support/on-device.js'

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu()]
const ints = (...values: number[]) => tensor(Int32Array.from(values))

/** One call for every shader. */
const CALLS: Readonly<Record<string, () => Tensor>> = {
  ...Object.fromEntries(
    [q8_0, q4_0].flatMap((format) =>
      [1, 2, 3, 4, 33, 700].map((rows) => [
        `blockMatmul of ${rows} rows, ${format.name}`,
        () => blockMatmul(ones([rows, 96]), ones([rows < 700 ? 7 : 705, 96]).cast(format)),
      ]),
    ),
  ),
  gatherMatmul: () => gatherMatmul(ones([3, 5]), ones([2, 5, 7]), ints(0, 1, 5)),
  'gatherMatmul, fours': () => gatherMatmul(ones([3, 8]), ones([2, 8, 12]), ints(0, 1, 5)),
  'segmentedMatmul, few rows': () => segmentedMatmul(ones([3, 5]), ones([2, 5, 7]), ints(0, 1, 3)),
  'segmentedMatmul, few rows, fours': () => segmentedMatmul(ones([3, 8]), ones([2, 8, 12]), ints(0, 1, 3)),
  'segmentedMatmul, tiles': () => segmentedMatmul(ones([40, 5]), ones([2, 5, 7]), ints(0, 1, 33)),
  'segmentedMatmul, tiles, fours': () => segmentedMatmul(ones([40, 8]), ones([2, 8, 12]), ints(0, 1, 33)),
  'segmentedMatmul, large tiles': () => segmentedMatmul(ones([400, 8]), ones([2, 8, 1540]), ints(0, 1, 33)),
}

describe.skipIf(!nothing)("Dawn's validator takes packed and grouped products in WGSL", () => {
  it.each(KERNEL_FEATURE_SETS.map((set) => [set]))('with the features %j', async (features) => {
    const device = webgpuDevice({ adapter: await alteredAdapter(nothing as GPU, { features }) })
    await onDevice(device, async () => {
      for (const call of Object.values(CALLS)) await call().realize()
    })
    await device.close()
  })
})

describe.skipIf(!swiftShader)('products of packed rows are summed up exactly', () => {
  it.each([[[]], [['subgroups']]])('with the features %j', async (features) => {
    const [rows, depth, columns] = [3, 288, 7]
    const x = Float32Array.from({ length: rows * depth }, (_, i) => ((i * 7) % 5) - 2)
    // 127 makes the scale of every block 1: the packed values are these.
    const w = Float32Array.from({ length: columns * depth }, (_, i) => (i % 32 === 9 ? 127 : ((i * 11) % 13) - 6))
    const device = webgpuDevice({ adapter: await alteredAdapter(swiftShader as GPU, { features }) })
    const got = await onDevice(device, () =>
      blockMatmul(tensor(x, { shape: [rows, depth] }), tensor(w, { shape: [columns, depth] }).cast(q8_0)).data(),
    )
    await device.close()
    const expected = Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns) * depth, (i % columns) * depth]
      let sum = 0
      for (let k = 0; k < depth; k++) sum += (x[row + k] as number) * (w[column + k] as number)
      return sum
    })
    expect(Array.from(got)).toEqual(expected)
  })
})

describe.skipIf(!nothing)('products in WGSL', () => {
  const device = webgpuDevice({ gpu: nothing as GPU })
  afterAll(() => device.close())

  const lastKernel = (name: string): Promise<string> =>
    onDevice(device, async () => {
      const { launches } = await explain(CALLS[name] as () => Tensor)
      const kernels = launches.at(-1)?.kernels ?? []
      expect(kernels, name).toHaveLength(1)
      return kernels[0] as string
    })

  it('of few packed rows are sums that a workgroup shares, of more rows tiles of decoded panels', async () => {
    for (const format of ['Q8_0', 'Q4_0']) {
      const [few, many] = [
        await lastKernel(`blockMatmul of 3 rows, ${format}`),
        await lastKernel(`blockMatmul of 33 rows, ${format}`),
      ]
      expect(few).toContain('sumParts: array<vec4<f32>')
      expect(few).not.toContain('bTile')
      expect(many).toContain('bTile')
      for (const text of [few, many]) expect(text).toContain('fn wFour')
    }
  })

  it('of segments are tiles where there are rows enough', async () => {
    expect(await lastKernel('segmentedMatmul, few rows')).not.toContain('aTile')
    expect(await lastKernel('segmentedMatmul, tiles')).toContain('workgroup_size(64)')
    expect(await lastKernel('segmentedMatmul, large tiles')).toContain('workgroup_size(256)')
  })
})
