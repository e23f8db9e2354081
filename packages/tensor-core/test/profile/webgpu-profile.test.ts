import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import {
  BackendError,
  chromeTrace,
  grad,
  inModule,
  measurePeaks,
  memory,
  peakProbes,
  profile,
  profileRows,
  profileTable,
  realize,
  tensor,
  webgpuDevice,
} from '../../src/index.js'

const gpu = await swiftShaderGpu()
const [M, K, N] = [96, 80, 112]

describe.skipIf(!gpu)('on webgpu with timestamp queries', () => {
  const device = webgpuDevice({ gpu: gpu as GPU })
  afterAll(() => device.close())
  const ones = (rows: number, columns: number) =>
    tensor(new Float32Array(rows * columns).fill(1), { shape: [rows, columns], device })
  const work = async () => {
    const product = ones(M, K).matmul(ones(K, N))
    const y = product.mul(2).add(1)
    await realize(product, y)
    expect((await y.data())[5]).toBe(2 * K + 1)
    for (const t of [product, y]) t.dispose()
  }

  it('says what each op moved and computed', async () => {
    const started = performance.timeOrigin + performance.now()
    const { rows, runs, milliseconds, idleMilliseconds, ...rest } = await profile(work, { device })
    const ended = performance.timeOrigin + performance.now()
    expect(rest).toEqual({ backend: 'webgpu', threads: 1 })
    const [matmul, add] = ['matmul', 'add'].map((op) => rows.find(({ name }) => name === op))
    expect(matmul).toMatchObject({ launches: 1, flops: 2 * M * N * K, bytes: 4 * (M * K + K * N + M * N) })
    expect(add).toMatchObject({ launches: 1, flops: 2 * M * N, bytes: 8 * M * N })
    expect(rows).toHaveLength(2)
    const busy = rows.reduce((total, row) => total + row.milliseconds, 0)
    expect(busy + idleMilliseconds).toBeCloseTo(milliseconds, 3)
    let before = started
    for (const { begin, end, thread } of runs) {
      // A clock that is rounded down by up to 0.1 ms begins early by as much.
      expect(begin).toBeGreaterThanOrEqual(before - 0.2)
      expect(end).toBeGreaterThanOrEqual(begin)
      expect(thread).toBe(0)
      before = end
    }
    expect(before).toBeLessThanOrEqual(ended + 0.2)
  })

  it('times more kernels than a query set holds queries', async () => {
    const launches = 2100
    const x = await ones(1, 4).realize()
    const taken = await profile(
      async () => {
        let y = x
        // Reductions are kernels of their own.
        for (let i = 0; i < launches; i++) y = y.amax(0, true)
        await y.data()
        y.dispose()
      },
      { device },
    )
    x.dispose()
    expect(taken.runs.map(({ launch }) => launch)).toEqual(Array.from({ length: launches }, (_, i) => i))
    expect(taken.runs.every(({ begin, end }, i) => end >= begin && begin >= (taken.runs[i - 1]?.begin ?? 0))).toBe(true)
    expect(taken.rows).toMatchObject([{ name: 'amax', launches }])
  })

  it('takes times that grow with the work', async () => {
    const product = async (n: number) => {
      const [a, b] = [await ones(n, n).realize(), await ones(n, n).realize()]
      const { milliseconds } = await profile(async () => (await a.matmul(b).realize()).dispose(), { device })
      for (const t of [a, b]) t.dispose()
      return milliseconds
    }
    await product(64)
    expect(await product(256)).toBeGreaterThan(0.1)
  })

  it('makes a table and a trace', async () => {
    const taken = await profile(work, { device })
    const lines = profileTable(taken, { gigaflops: 100, gigabytesPerSecond: 10 }).split('\n')
    expect(lines[0]).toMatch(/^webgpu, 1 thread: \d+\.\d\d ms; peak 100\.0 GFLOP\/s and 10\.0 GB\/s$/)
    expect(lines).toHaveLength(2 + taken.rows.length + 1)
    const { traceEvents } = chromeTrace(taken)
    expect(traceEvents).toHaveLength(taken.runs.length)
    expect(Math.min(...traceEvents.map((event) => (event.ph === 'X' ? event.ts : Number.NaN)))).toBe(0)
    expect(traceEvents[0]).toMatchObject({ ph: 'X', pid: 1, cat: 'webgpu', name: 'matmul' })
  })

  it('groups by module and by kernel', async () => {
    const [x, w] = [ones(M, K), ones(K, N)]
    const layer = (i: number) => inModule(`layers.${i}.up`, () => x.matmul(w))
    const run = async () => (await grad(layer(0).add(layer(11)).sum(), w).realize()).dispose()
    const taken = await profile(run, { device })
    expect(profileRows(taken, 'module').find(({ name }) => name === 'layers.*.up, gradient')).toMatchObject({
      launches: 2,
      flops: 2 * 2 * K * M * N + K * N,
    })
    expect(profileRows(taken, 'kernel').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['matmulTiles', 'map:expand']),
    )
  })

  it('takes nothing before it starts and after it has stopped, and holds no memory', async () => {
    await work()
    const before = await memory(device)
    await profile(work, { device })
    const taken = await profile(async () => undefined, { device })
    await work()
    expect(taken).toMatchObject({ rows: [], runs: [], milliseconds: 0, idleMilliseconds: 0 })
    expect(await memory(device)).toEqual(before)
  })

  it('stops where the function throws', async () => {
    await expect(profile(() => Promise.reject(new Error('no')), { device })).rejects.toThrow('no')
    expect((await profile(async () => undefined, { device })).runs).toEqual([])
  })

  it('measures what the GPU reaches', async () => {
    const probes = await peakProbes(device)
    for (const measured of [await probes.gigaflops(), await probes.gigabytesPerSecond()]) {
      expect(measured).toBeGreaterThan(0)
      expect(measured).toBeLessThan(1e6)
    }
    probes.close()
  }, 60_000)
})

it.skipIf(!gpu)('refuses an adapter without timestamp queries', async () => {
  const device = webgpuDevice({ adapter: await alteredAdapter(gpu as GPU, { features: [] }) })
  await expect(profile(async () => undefined, { device })).rejects.toThrow(
    new BackendError(
      'profile',
      'a backend that takes times (wasm, or webgpu with timestamp-query)',
      'webgpu',
      'This adapter has no timestamp queries: profile on another, or on wasmDevice().',
    ),
  )
  await expect(measurePeaks(device)).rejects.toThrow(
    'peaks: expected a wasm device, or a webgpu one with timestamp-query, got webgpu.',
  )
  await device.close()
})
