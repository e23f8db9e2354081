import { type Device, explain, realize, setDefaultDevice, tensor, vjp, webgpuDevice } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { KERNEL_FEATURE_SETS, nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { causalAttention } from '../src/index.js'
import { ATTENTION_CASES } from './attention-cases.js'
import { type Case, NAMES, problem, reference, results } from './attention-problem.js'

// The kernels written in WGSL at and around the edges of their tiles (32 or 64 rows, 32 columns, slices of 16 channels, 32, 64 or
// 128 channels of a result) and chunks, against sums in double precision.

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu()]

const named = ATTENTION_CASES.map((each) => ({ B: 1, S: each.T, KV: 1, G: 1, ...each }))

describe.skipIf(!swiftShader)('attention in WGSL on SwiftShader', { timeout: 180_000 }, () => {
  let device: Device
  beforeAll(() => {
    device = webgpuDevice({ gpu: swiftShader as GPU })
  })
  afterAll(() => device.close())

  test.each(named)('$of: B $B, T $T, S $S, KV $KV, G $G, D $D', async (each) => {
    const p = problem(each)
    const got = await results(device, p)
    reference(p).forEach((expected, i) => {
      assertClose(got[i] as Float32Array, expected, toleranceFor('float32', 'fused'), NAMES[i] as string)
    })
  })

  test.each([35, 2])('the same bits at every run, whatever the workspace held before, T %i', async (T) => {
    const p = problem({ of: '', T, S: 90, KV: 2, G: 2, D: 7, starts: [90 - T], firsts: 17 })
    const expected = await results(device, p)
    const nothings = (x: Float32Array) => new Float32Array(x.length).fill(Number.NaN)
    const bad = await results(device, { ...p, q: nothings(p.q), k: nothings(p.k), v: nothings(p.v) })
    expect([bad[0], bad[1]].every((x) => x?.every(Number.isNaN))).toBe(true)
    expect(await results(device, p)).toEqual(expected)
  })

  test.each([35, 2])('a NaN reaches the rows that see it and no other, T %i', async (T) => {
    const p = problem({ of: '', T, S: 90, KV: 2, D: 7, starts: [90 - T], firsts: 17 })
    const clean = await results(device, p)
    // A channel of the last key of the second kv head.
    const k = p.k.slice()
    k[k.length - 1] = Number.NaN
    const [y, lse] = await results(device, { ...p, k })
    // Of the last row's second head.
    const ofLast = (i: number, each: number) => i >= (T * 2 - 1) * each
    expect(y?.every((x, i) => (ofLast(i, 7) ? Number.isNaN(x) : x === clean[0]?.[i]))).toBe(true)
    expect(lse?.every((x, i) => (ofLast(i, 1) ? Number.isNaN(x) : x === clean[1]?.[i]))).toBe(true)
  })

  test('scores beyond the exponents of float32', async () => {
    for (const T of [2, 35]) {
      const p = problem({ of: '', T, D: 7 })
      const [y, lse] = await results(device, { ...p, q: p.q.map((x) => 1e4 * x) })
      expect([...(y ?? []), ...(lse ?? [])].every(Number.isFinite)).toBe(true)
    }
  })

  test('one tensor as queries, keys and values: one buffer bound once', async () => {
    const p = problem({ of: '', T: 2, D: 64 })
    setDefaultDevice(device)
    const x = tensor(p.q, { shape: [1, 2, 1, 64] })
    await realize(x)
    const { y, lse } = causalAttention(x, x, x)
    const expected = reference({ ...p, k: p.q, v: p.q })
    assertClose(await y.data(), expected[0] as Float64Array, toleranceFor('float32', 'fused'), 'y')
    assertClose(await lse.data(), expected[1] as Float64Array, toleranceFor('float32', 'fused'), 'lse')
  })

  test('no keys: y is 0 and lse is -infinity', async () => {
    for (const T of [1, 35]) {
      const [y, lse, dq] = await results(device, problem({ of: '', T, S: 0, D: 7 }))
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
  const VARIANTS: Case[] = [1, 4, 33, 64, 66, 128, 130, 256].flatMap((D) =>
    // One query, few, and tiles of 32 and of 64 rows.
    [
      { T: 1, KV: 2 },
      { T: 5, KV: 2 },
      { T: 35, KV: 2 },
      { T: 35, KV: 64 },
    ].map((each) => ({ of: '', ...each, D })),
  )
  test.each(KERNEL_FEATURE_SETS.map((kept) => [kept]))('with the features %j', async (kept) => {
    const device = webgpuDevice({ adapter: await alteredAdapter(nothing as GPU, { features: kept }) })
    // The backend throws where a shader or a dispatch is refused.
    for (const each of VARIANTS) await results(device, problem(each))
    setDefaultDevice(device)
    for (const T of [2, 35]) {
      const x = tensor(new Float32Array(T * 64), { shape: [1, T, 1, 64] })
      const { y } = causalAttention(x, x, x)
      await realize(y, vjp(y, x, x))
    }
    await device.close()
  })
})
