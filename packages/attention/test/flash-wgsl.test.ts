import { type Device, explain, realize, setDefaultDevice, tensor, vjp, webgpuDevice } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { KERNEL_FEATURE_SETS, nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { causalAttention } from '../src/index.js'
import { FLASH_CASES } from './flash-cases.js'
import { FLASH_NAMES, type FlashCase, flashProblem, flashReference, flashResults } from './flash-problem.js'

// The kernels written in WGSL at and around the edges of their tiles (32 or 64 rows, 32 columns, slices of 16 channels, 64 or
// 128 channels of a result) and chunks, against sums in double precision.

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu()]

const row = (queries: number, keys: number, D: number, more: Partial<FlashCase> = {}): FlashCase => ({
  ...{ of: '', layout: 'dense', sequences: [{ queries, keys }], D },
  ...more,
})

const rows = (B: number, T: number, S: number) => Array.from({ length: B }, () => ({ queries: T, keys: S }))

/** Around the edges of tiles of 64 rows, which launches of many kv heads have, and of what few queries are dealt out by. */
const OWN_CASES: readonly FlashCase[] = [
  ...[33, 65].map(
    (T): FlashCase => ({ of: 'edges of large tiles', layout: 'dense', sequences: rows(4, T, T), KV: 16, D: 16 }),
  ),
  { of: 'large tiles of many channels', layout: 'dense', sequences: rows(4, 40, 40), KV: 16, D: 132, Dv: 136 },
  {
    of: 'large tiles of sequences of all lengths',
    layout: 'ragged',
    sequences: [70, 0, 1, 130, 3].map((n) => ({ queries: n, keys: n })),
    ...{ KV: 16, G: 2, D: 8, spare: 5, window: 40, sinks: 2 },
  },
  { of: 'large tiles over blocks', layout: 'paged', sequences: rows(3, 70, 90), KV: 16, D: 8, window: 50, sinks: 3 },
  { of: 'several blocks of few rows', layout: 'dense', sequences: rows(2, 5, 90), KV: 2, G: 3, D: 7 },
  { of: 'chunks of several steps', layout: 'paged', sequences: rows(1, 32, 700), KV: 16, D: 8, window: 300, sinks: 9 },
  {
    of: 'few queries, and spare ones',
    layout: 'paged',
    sequences: [3, 1, 2].map((n) => ({ queries: n, keys: 80 * n })),
    ...{ KV: 2, G: 2, D: 8, spare: 3 },
  },
  { of: 'a latent cache', layout: 'paged', sequences: rows(2, 1, 100), G: 32, D: 144, Dv: 128, latent: true },
]

describe.skipIf(!swiftShader)('attention in WGSL on SwiftShader', { timeout: 180_000 }, () => {
  let device: Device
  beforeAll(() => {
    device = webgpuDevice({ gpu: swiftShader as GPU })
  })
  afterAll(async () => {
    console.log(`attention: ${(await device.start()).memory().kernelsCompiled} pipelines`)
    await device.close()
  })

  test.each([...FLASH_CASES, ...OWN_CASES])('$of, $layout, D $D', async (one) => {
    const p = flashProblem(one)
    const got = await flashResults(device, p)
    flashReference(p).forEach((expected, i) => {
      assertClose(got[i] as Float32Array, expected, toleranceFor('float32', 'fused'), FLASH_NAMES[i] as string)
    })
  })

  test.each(['float16', 'bfloat16'] as const)('keys and values stored as %s', async (dtype) => {
    for (const D of [8, 9]) {
      for (const T of [1, 40]) {
        const p = flashProblem({ of: '', layout: 'paged', sequences: rows(2, T, 50), KV: 2, G: 2, D })
        const rounded = async (x: ArrayLike<number>) =>
          Float32Array.from((await tensor(Float32Array.from(x)).cast(dtype).cast('float32').data()) as Float32Array)
        setDefaultDevice(device)
        const expected = flashReference({ ...p, k: await rounded(p.k), v: await rounded(p.v) })
        const got = await flashResults(device, p, dtype)
        for (const i of [0, 1]) {
          const wanted = expected[i] as Float64Array
          assertClose(got[i] as Float32Array, wanted, toleranceFor('float32', 'fused'), FLASH_NAMES[i] as string)
        }
      }
    }
  })

  test.each([35, 2])('the same bits at every run, whatever the workspace held before, T %i', async (T) => {
    const p = flashProblem(row(T, 90, 7, { KV: 2, G: 2, documents: 17 }))
    const expected = await flashResults(device, p)
    const nothings = (x: ArrayLike<number>) => new Float32Array(x.length).fill(Number.NaN)
    const bad = await flashResults(device, { ...p, q: nothings(p.q), k: nothings(p.k), v: nothings(p.v) })
    expect([bad[0], bad[1]].every((x) => [...(x as Float32Array)].every(Number.isNaN))).toBe(true)
    expect(await flashResults(device, p)).toEqual(expected)
  })

  test.each([35, 2])('a NaN reaches the rows that see it and no other, T %i', async (T) => {
    const p = flashProblem(row(T, 90, 7, { KV: 2, documents: 17 }))
    const clean = await flashResults(device, p)
    // A channel of the last key of the second kv head.
    const k = p.k.slice()
    k[k.length - 1] = Number.NaN
    const [y, lse] = (await flashResults(device, { ...p, k })) as [Float32Array, Float32Array]
    // Of the last row's second head.
    const ofLast = (i: number, each: number) => i >= (T * 2 - 1) * each
    expect(y.every((x, i) => (ofLast(i, 7) ? Number.isNaN(x) : x === clean[0]?.[i]))).toBe(true)
    expect(lse.every((x, i) => (ofLast(i, 1) ? Number.isNaN(x) : x === clean[1]?.[i]))).toBe(true)
  })

  test('scores beyond the exponents of float32', async () => {
    for (const T of [2, 35]) {
      const p = flashProblem(row(T, T, 7))
      const [y, lse] = await flashResults(device, { ...p, q: p.q.map((x) => 1e4 * x) })
      expect([...(y as Float32Array), ...(lse as Float32Array)].every(Number.isFinite)).toBe(true)
    }
  })

  test('one tensor as queries, keys and values: one buffer bound once', async () => {
    const p = flashProblem(row(2, 2, 64))
    setDefaultDevice(device)
    const x = tensor(p.q, { shape: [1, 2, 1, 64] })
    await realize(x)
    const { y, lse } = causalAttention(x, x, x)
    const expected = flashReference({ ...p, k: p.q, v: p.q })
    assertClose(await y.data(), expected[0] as Float64Array, toleranceFor('float32', 'fused'), 'y')
    assertClose(await lse.data(), expected[1] as Float64Array, toleranceFor('float32', 'fused'), 'lse')
  })

  test('no keys: y is 0 and lse is -infinity', async () => {
    for (const T of [1, 35]) {
      const [y, lse, dq] = (await flashResults(device, flashProblem(row(T, 0, 7)))) as Float32Array[]
      expect([...(y ?? []), ...(dq ?? [])].every((x) => x === 0)).toBe(true)
      expect(lse?.every((x) => x === Number.NEGATIVE_INFINITY)).toBe(true)
    }
  })

  test('tiles hold no matrix of scores; few queries leave their chunks to a second kernel', async () => {
    setDefaultDevice(device)
    const kernels = async (T: number, S: number) => {
      const [q, k] = [
        tensor(new Float32Array(T * 8), { shape: [1, T, 1, 8] }),
        tensor(new Float32Array(S * 8), { shape: [1, S, 1, 8] }),
      ]
      await realize(q, k)
      const { launches } = await explain(() => causalAttention(q, k, k, { starts: S - T }).y)
      return launches.filter(({ kind }) => kind === 'fused').flatMap((launch) => launch.kernels)
    }
    const [tiles, few] = [await kernels(40, 40), await kernels(2, 300)]
    expect(tiles).toHaveLength(1)
    expect(few).toHaveLength(2)
    expect(tiles[0]).not.toContain('parts')
    expect(few.every((text) => text.includes('// parts'))).toBe(true)
  })
})

describe.skipIf(!nothing)("Dawn's validator takes attention in WGSL", () => {
  const VARIANTS = [1, 4, 33, 64, 66, 128, 130, 256].flatMap((D) =>
    // One query, few, and tiles of 32 and of 64 rows.
    [row(1, 1, D, { KV: 2 }), row(5, 5, D, { KV: 2 }), row(35, 35, D, { KV: 2 }), row(35, 35, D, { KV: 64 })],
  )
  test.each(KERNEL_FEATURE_SETS.map((kept) => [kept]))('with the features %j', async (kept) => {
    const device = webgpuDevice({ adapter: await alteredAdapter(nothing as GPU, { features: kept }) })
    // The backend throws where a shader or a dispatch is refused.
    for (const one of [...VARIANTS, ...FLASH_CASES]) await flashResults(device, flashProblem(one))
    setDefaultDevice(device)
    for (const T of [2, 35]) {
      const x = tensor(new Float32Array(T * 64), { shape: [1, T, 1, 64] })
      const { y } = causalAttention(x, x, x)
      await realize(y, vjp(y, x, x))
    }
    await device.close()
  })
})
