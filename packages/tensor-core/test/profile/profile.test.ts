import { afterAll, describe, expect, it } from 'vitest'
import {
  BackendError,
  chromeTrace,
  cpuDevice,
  type Device,
  grad,
  inModule,
  measurePeaks,
  memory,
  profile,
  profileRows,
  profileTable,
  realize,
  tensor,
  wasmDevice,
} from '../../src/index.js'

const [M, K, N] = [96, 80, 112]
const ones = (device: Device, rows: number, columns: number) =>
  tensor(new Float32Array(rows * columns).fill(1), { shape: [rows, columns], device })

describe.each([1, 2])('on wasm with %i threads', (threads) => {
  const device = wasmDevice({ threads })
  afterAll(() => device.close())
  const work = async () => {
    const product = ones(device, M, K).matmul(ones(device, K, N))
    const y = product.mul(2).add(1)
    // Read by the caller, too, the product is stored.
    await realize(product, y)
    for (const t of [product, y]) t.dispose()
  }

  it('says what each op moved and computed', async () => {
    const { rows, runs, milliseconds, idleMilliseconds, ...rest } = await profile(work, { device })
    expect(rest).toEqual({ backend: 'wasm', threads })
    const [matmul, add] = ['matmul', 'add'].map((op) => rows.find(({ name }) => name === op))
    expect(matmul).toMatchObject({ launches: 1, flops: 2 * M * N * K, bytes: 4 * (M * K + K * N + M * N) })
    // mul and add are one kernel.
    expect(add).toMatchObject({ launches: 1, flops: 2 * M * N, bytes: 8 * M * N })
    expect(rows).toHaveLength(2)
    const busy = rows.reduce((total, row) => total + row.milliseconds, 0)
    expect(busy + idleMilliseconds).toBeCloseTo(milliseconds, 6)
    for (const { begin, end, thread } of runs) {
      expect(end).toBeGreaterThanOrEqual(begin)
      expect(thread).toBeLessThan(threads)
    }
    expect(new Set(runs.map((run) => run.thread)).size).toBe(threads)
  })

  it('makes a table and a trace', async () => {
    const taken = await profile(work, { device })
    const lines = profileTable(taken, { gigaflops: 100, gigabytesPerSecond: 10 }).split('\n')
    expect(lines[0]).toMatch(/^wasm, \d threads?: \d+\.\d\d ms; peak 100\.0 GFLOP\/s and 10\.0 GB\/s$/)
    expect(lines[1]).toMatch(/^op +launches +ms +% +bytes +FLOP +GB\/s +GFLOP\/s +of peak$/)
    expect(lines).toHaveLength(2 + taken.rows.length + 1)
    expect(lines.find((line) => line.startsWith('matmul'))).toMatch(
      /^matmul +1 +\d+\.\d{2,3} +\d+\.\d +110 k +1\.72 M +\d+\.\d +\d+\.\d +\d+ %$/,
    )
    expect(lines.at(-1)).toMatch(/^\(no kernel\) /)
    const byKernel = profileTable(taken, undefined, 'kernel').split('\n')
    expect(byKernel[1]).toMatch(/^kernel +launches .* GFLOP\/s$/)
    const { traceEvents } = chromeTrace(taken)
    expect(traceEvents).toHaveLength(taken.runs.length)
    expect(Math.min(...traceEvents.map((event) => (event.ph === 'X' ? event.ts : Number.NaN)))).toBe(0)
    expect(traceEvents[0]).toMatchObject({ ph: 'X', pid: 1, cat: 'wasm', name: 'matmul' })
  })

  it('groups by module and by kernel', async () => {
    const x = ones(device, M, K)
    const w = ones(device, K, N)
    const layer = (i: number) => inModule(`layers.${i}.up`, () => x.matmul(w))
    const taken = await profile(
      async () => {
        const loss = layer(0).add(layer(11)).sum()
        await grad(loss, w).realize()
      },
      { device },
    )
    const total = (by: 'op' | 'module' | 'kernel') => {
      const sum = { milliseconds: 0, bytes: 0, flops: 0 }
      for (const row of profileRows(taken, by)) {
        for (const name of ['milliseconds', 'bytes', 'flops'] as const) sum[name] += row[name]
      }
      return sum
    }
    expect(profileRows(taken)).toEqual(taken.rows)
    // dW = X^T dY of both layers, and their sum.
    expect(profileRows(taken, 'module').find(({ name }) => name === 'layers.*.up, gradient')).toMatchObject({
      launches: 2,
      flops: 2 * 2 * K * M * N + K * N,
    })
    const kernels = profileRows(taken, 'kernel').map(({ name }) => name)
    expect(kernels).toEqual(expect.arrayContaining([expect.stringMatching(/^matmul/), 'map:expand']))
    for (const by of ['module', 'kernel'] as const) {
      const [rows, ops] = [total(by), total('op')]
      expect(rows).toMatchObject({ bytes: ops.bytes, flops: ops.flops })
      expect(rows.milliseconds).toBeCloseTo(ops.milliseconds, 6)
    }
  })

  it('puts several profiles into one trace, a process each', async () => {
    const [first, second] = [await profile(work, { device }), await profile(work, { device })]
    const { traceEvents } = chromeTrace([
      { name: 'first', profile: first },
      { name: 'second', profile: second },
    ])
    for (const [i, { runs, milliseconds }] of [first, second].entries()) {
      const own = traceEvents.filter(({ pid }) => pid === i + 1)
      const names = own.filter(({ ph }) => ph === 'M').map(({ args }) => (args as { name: string }).name)
      const lanes = Array.from({ length: threads }, (_, thread) => `wasm thread ${thread}`)
      expect(names).toEqual([i === 0 ? 'first' : 'second', ...lanes])
      const [phase, ...kernels] = own.flatMap((event) => (event.ph === 'X' ? [event] : []))
      expect(phase).toMatchObject({ cat: 'phase', ts: 0, tid: 0 })
      expect(phase?.dur).toBeCloseTo(milliseconds * 1000, 3)
      expect(kernels).toHaveLength(runs.length)
      for (const { ts, dur } of kernels) expect(ts + dur).toBeLessThanOrEqual(phase?.dur as number)
    }
    expect(traceEvents.every(({ pid }) => pid <= 2)).toBe(true)
  })

  it('takes nothing before it starts and after it has stopped', async () => {
    await work()
    const taken = await profile(async () => undefined, { device })
    await work()
    expect(taken).toMatchObject({ rows: [], runs: [], milliseconds: 0, idleMilliseconds: 0 })
  })

  it('gives the memory of its times back', async () => {
    await work()
    const before = (await memory(device)).liveBytes
    await profile(work, { device })
    expect((await memory(device)).liveBytes).toBe(before)
  })

  it('stops where the function throws', async () => {
    await expect(profile(() => Promise.reject(new Error('no')), { device })).rejects.toThrow('no')
    expect((await profile(async () => undefined, { device })).runs).toEqual([])
  })

  it('measures what the machine reaches', async () => {
    const { gigaflops, gigabytesPerSecond } = await measurePeaks(device)
    expect(gigaflops).toBeGreaterThan(0.1)
    expect(gigabytesPerSecond).toBeGreaterThan(0.1)
  })
})

it('refuses a backend without a clock', async () => {
  const device = cpuDevice()
  await expect(profile(async () => undefined, { device })).rejects.toThrow(
    new BackendError(
      'profile',
      'a backend that takes times (wasm, or webgpu with timestamp-query)',
      'cpu',
      'Profile on wasmDevice().',
    ),
  )
  await expect(measurePeaks(device)).rejects.toThrow(
    'peaks: expected a wasm device, or a webgpu one with timestamp-query, got cpu.',
  )
})
