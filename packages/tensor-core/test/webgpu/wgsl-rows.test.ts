import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, it } from 'vitest'
import {
  amax,
  amin,
  argmax,
  argmin,
  argsort,
  cpuDevice,
  crossEntropy,
  cumsum,
  grad,
  layerNorm,
  logSoftmax,
  realize,
  rmsNorm,
  segmentSum,
  softmax,
  sum,
  type Tensor,
  tensor,
  topK,
  webgpuDevice,
} from '../../src/index.js'
import { sizeOf } from '../../src/shape.js'
import { onDevice } from '../support/on-device.js'

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu()]

const numbers = (seed: number, shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + seed * 13) % 5) - 2),
    { shape },
  )

/** Short and long rows, by fours and one by one. */
const shapes = [
  [40, 12],
  [40, 13],
  [3, 1024],
  [3, 1025],
] as const

const features = ['shader-f16', 'subgroups'] as const

describe.skipIf(!swiftShader)('reductions over a workgroup give the same', () => {
  const rows = (): Tensor => tensor(seededRandom(1).normals(3 * 900), { shape: [3, 900] })
  const results = (): Tensor[] => {
    const [x, weight] = [rows(), tensor(seededRandom(2).normals(900))]
    const norm = layerNorm(x, weight, weight, { eps: 1e-5 }).mul(x).sum()
    return [softmax(x), ...grad(norm, [x, weight]), sum(x, 1), amax(x, 1), argmax(x).cast('float32'), sum(x)]
  }
  const valuesOf = async (tensors: readonly Tensor[]): Promise<ArrayLike<number>[]> => {
    await realize(...tensors)
    return Promise.all(tensors.map((t) => t.data()))
  }
  it.each([[[]], [['subgroups']]] as const)('as the cpu backend, with the features %j', async (kept) => {
    const cpu = cpuDevice({ precision: 'f64' })
    const expected = await onDevice(cpu, () => valuesOf(results()))
    const device = webgpuDevice({ adapter: await alteredAdapter(swiftShader as GPU, { features: kept }) })
    const got = await onDevice(device, () => valuesOf(results()))
    got.forEach((values, i) => {
      assertClose(values, expected[i] as ArrayLike<number>, toleranceFor('float32', 'fused'), `result ${i}`)
    })
    await Promise.all([cpu.close(), device.close()])
  })
})

describe.skipIf(!nothing)("Dawn's validator takes kernels over rows in WGSL", () => {
  it.each([[[]], [['shader-f16']], [['subgroups']], [features]] as const)('with the features %j', async (kept) => {
    const device = webgpuDevice({ adapter: await alteredAdapter(nothing as GPU, { features: kept }) })
    await onDevice(device, async () => {
      for (const [rows, columns] of shapes) {
        const x = numbers(1, [rows, columns])
        const [weight, bias, dy] = [numbers(2, [columns]), numbers(3, [columns]), numbers(4, [rows, columns])]
        const losses: Tensor[] = [
          softmax(x).mul(dy).sum(),
          logSoftmax(x).mul(dy).sum(),
          rmsNorm(x, weight, { eps: 1e-5 }).mul(dy).sum(),
          layerNorm(x, weight, bias, { eps: 1e-5 }).mul(dy).sum(),
          crossEntropy(x, tensor(new Int32Array(rows))),
        ]
        for (const loss of losses) await realize(loss, grad(loss, x))
      }
      const ids = tensor(Int32Array.of(1, 7, 1))
      for (const [dtype, columns] of [
        ['float32', 1200],
        ['float16', 1201],
        ['bfloat16', 80],
        ['uint32', 80],
      ] as const) {
        const x = numbers(6, [9, columns]).cast(dtype).copy()
        await realize(argmax(x), argmin(x), argsort(x), topK(x, 5).values, cumsum(x), x.take(ids))
        await realize(segmentSum(x.take(ids), ids, 9))
      }
      for (const dtype of ['float32', 'bfloat16', 'int32', 'uint32', 'int8'] as const) {
        const x = numbers(5, [20, 900]).cast(dtype).copy()
        for (const reduce of [sum, amax, amin])
          await realize(reduce(x, 1), reduce(x, 0), reduce(x).cast('float32').exp())
      }
    })
    await device.close()
  })
})
