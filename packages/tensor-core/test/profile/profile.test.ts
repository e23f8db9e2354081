import { afterAll, describe, expect, it } from 'vitest'
import {
  BackendError,
  chromeTrace,
  cpuDevice,
  type Device,
  measurePeaks,
  memory,
  profile,
  profileTable,
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
    await y.realize()
    y.dispose()
  }

  it('says what each op moved and computed', async () => {
    const { rows, runs, milliseconds, idleMilliseconds, ...rest } = await profile(work, { device })
    expect(rest).toEqual({ backend: 'wasm', threads })
    const [matmul, add] = ['matmul', 'add'].map((op) => rows.find((row) => row.op === op))
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
    expect(lines[1]).toMatch(/^op +launches +ms +% +GB\/s +GFLOP\/s +of peak$/)
    expect(lines).toHaveLength(2 + taken.rows.length + 1)
    expect(lines.at(-1)).toMatch(/^\(no kernel\) /)
    const { traceEvents } = chromeTrace(taken)
    expect(traceEvents).toHaveLength(taken.runs.length)
    expect(Math.min(...traceEvents.map(({ ts }) => ts))).toBe(0)
    expect(traceEvents[0]).toMatchObject({ ph: 'X', pid: 1, cat: 'wasm', name: 'matmul' })
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
    new BackendError('profile', 'a backend that takes times (wasm)', 'cpu', 'Profile on wasmDevice().'),
  )
  await expect(measurePeaks(device)).rejects.toThrow('peaks: expected a wasm device, got cpu.')
})
