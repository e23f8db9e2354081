import { afterAll, describe, expect, it } from 'vitest'
import { compile, type Device, explain, State, type Tensor, tensor, wasmDevice } from '../../src/index.js'
import { inputsOf } from '../../src/schedule/program-builder.js'
import { sizeOf } from '../../src/shape.js'
import { cpu, wasm, webgpu } from '../support/devices.js'
import { listing, planStep } from '../support/plan-step.js'

/** Values between -1 and 1. */
const random = (seed: number, shape: readonly number[], device?: Device): Tensor => {
  const values = Float32Array.from(
    { length: sizeOf(shape) },
    (_, i) => (Math.imul(i + seed * 977, 2654435761) >> 8) / 2 ** 23,
  )
  return tensor(values, device ? { shape, device } : { shape })
}

/** What follows a product or a sum y [..., M, N] of float32: other operands have its shape, its last axis or none. */
const epilogues: readonly [name: string, (y: Tensor, residual: Tensor, bias: Tensor) => Tensor][] = [
  ['a residual', (y, residual) => residual.add(y)],
  ['a bias and a gelu', (y, _, bias) => y.add(bias).gelu()],
  ['a scale, a residual and a bias', (y, residual, bias) => y.mul(0.125).sub(residual).maximum(bias)],
  ['itself twice', (y) => y.mul(y.exp())],
  ['a scalar of a tensor', (y, residual) => y.mul(residual.sum()).add(1)],
]

/** [B, M, K, N]: kernels for one row, few rows, small products, strips, tiles with edges, batches, more than a block of depth. */
const shapes: readonly (readonly [batch: number, m: number, k: number, n: number, transposeB: boolean])[] = [
  [1, 1, 70, 50, true],
  [1, 3, 33, 131, true],
  [1, 17, 65, 40, true],
  [1, 2, 40, 67, false],
  [3, 9, 11, 13, false],
  [1, 101, 400, 103, false],
  [2, 50, 64, 90, true],
  [1, 0, 4, 5, false],
  [1, 5, 0, 7, false],
]

const devices = [await cpu(), await wasm(1), await wasm(2), await webgpu()].flatMap(({ name, device }) =>
  device ? [{ name, device }] : [],
)
afterAll(() => Promise.all(devices.map(({ device }) => device.close())))

const bits = (values: Float32Array | ArrayLike<number>): number[] => [
  ...new Int32Array(Float32Array.from(values).buffer),
]

describe.each(devices)('an epilogue on $name', ({ device }: { device: Device }) => {
  it.each(epilogues)('of a matrix product leaves the bits as they were: %s', async (_, epilogue) => {
    for (const [batch, m, k, n, transposeB] of shapes) {
      const on = (seed: number, shape: number[]) => random(seed, shape, device)
      const a = on(1, batch > 1 ? [batch, m, k] : [m, k])
      const b = on(2, [...(batch > 1 ? [batch] : []), ...(transposeB ? [n, k] : [k, n])])
      const residual = on(3, batch > 1 ? [batch, m, n] : [m, n])
      const bias = on(4, [n])
      const product = () => a.matmul(b, { transposeB })
      const fused = compile(() => epilogue(product(), residual, bias))
      // Someone else reads the product, so that it is stored.
      const apart = compile(() => {
        const y = product()
        return [y, epilogue(y, residual, bias)] as const
      })
      const what = `${[batch, m, k, n]} ${transposeB}`
      const { launches } = await explain(fused)
      expect(
        launches.filter(({ label }) => label.startsWith('matmul')),
        what,
      ).toHaveLength(1)
      expect(launches.find(({ label }) => label.startsWith('matmul'))?.ops.length, what).toBeGreaterThan(1)
      const [, expected] = await apart()
      expect(bits(await (await fused()).data()), what).toEqual(bits(await expected.data()))
    }
  })

  it('of a reduction leaves the bits as they were', async () => {
    const x = random(5, [37, 300], device)
    const row = random(6, [300], device)
    const column = random(7, [37], device)
    for (const [reduce, other] of [
      [(t: Tensor) => t.sum(-1), column],
      [(t: Tensor) => t.amax(0), row],
      [(t: Tensor) => t.square().sum(), null],
      [(t: Tensor) => t.mean(0, true), row],
    ] as const) {
      const after = (y: Tensor) => (other ? y.mul(other) : y).add(2).rsqrt()
      const apart = compile(() => {
        const y = reduce(x)
        return [y, after(y)] as const
      })
      const fused = compile(() => after(reduce(x)))
      expect((await explain(fused)).launches).toHaveLength(1)
      const [, expected] = await apart()
      expect(bits(await (await fused()).data())).toEqual(bits(await expected.data()))
    }
  })

  it('never writes a State whose old version it reads', async () => {
    const w = new State(random(8, [60, 60], device), { device, name: 'w' })
    const x = random(9, [60, 60], device)
    const before = await w.value.data()
    const gradient = await x.matmul(x).data()
    await compile(() => w.assign(w.value.sub(x.matmul(x).mul(0.5))))()
    expect(bits(await w.value.data())).toEqual(
      bits(before.map((value, i) => Math.fround(value - Math.fround(0.5 * (gradient[i] as number))))),
    )
  })
})

it('follows a product that is computed in parts', async () => {
  const device = wasmDevice({ threads: 2 })
  const [m, k, n] = [1100, 4096, 1030] // more than 32 MiB of panels
  const [a, b, bias] = [random(1, [m, k], device), random(2, [k, n], device), random(3, [n], device)]
  const fused = compile(() => a.matmul(b).add(bias))
  const { launches } = await explain(fused)
  expect(launches).toHaveLength(1)
  const passes = launches[0]?.kernels.map((text) => /kernel (\w+)/.exec(text)?.[1])
  expect(passes).toEqual([...Array.from({ length: 4 }, (_, i) => (i % 2 ? 'matmulTiles6x8' : 'matmulPack6x8')), 'map'])
  const [, expected] = await compile(() => {
    const y = a.matmul(b)
    return [y, y.add(bias)] as const
  })()
  expect(bits(await (await fused()).data())).toEqual(bits(await expected.data()))
  await device.close()
})

describe('which maps become epilogues', () => {
  const [x, w] = [random(1, [8, 8]), random(2, [8, 8])]
  const twice = (y: Tensor) => [y.exp().add(1), y.amax(0)]
  const launchesOf = (fn: () => readonly Tensor[]) => planStep(fn).launches

  it('the one whose product is the last of several', () => {
    const launches = launchesOf(() => [x.matmul(w).add(w.matmul(x))])
    expect(
      launches.map(({ kind }) => kind),
      listing(planStep(() => [x.matmul(w).add(w.matmul(x))])),
    ).toEqual(['op', 'op'])
    expect(inputsOf(launches[1] as (typeof launches)[number])).toHaveLength(3)
  })

  it('none that would keep operands alive longer than its result', () => {
    const [long, short] = [random(5, [4, 512]), random(6, [512, 4])]
    // The operands of the first product are larger than it is, and end with it; the second stands between it and the map.
    const launches = launchesOf(() => [long.exp().matmul(short.exp()).add(x.cumsum(0).exp().sum())])
    expect(launches.filter((launch) => 'epilogue' in launch && launch.epilogue)).toEqual([])
  })

  it.each([
    ['a product that is read twice', () => twice(x.matmul(w))],
    ['an index', () => [x.matmul(w).add(tensor([1, 2, 3, 4, 5, 6, 7, 8]).reshape([8, 1]))]],
    ['a result in 16 bits', () => [x.matmul(w).cast('bfloat16')]],
    ['a product that is read across', () => [x.matmul(w).transpose().exp()]],
    ['a larger map', () => [x.sum(-1, true).add(x)]],
  ])('not %s', (_, fn) => {
    const launches = launchesOf(fn as () => readonly Tensor[])
    expect(launches.some((launch) => launch.kind === 'map')).toBe(true)
    expect(launches.every((launch) => !('epilogue' in launch && launch.epilogue))).toBe(true)
  })
})
