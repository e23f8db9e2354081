import { describe, expect, it } from 'vitest'
import { kernelTimes, type SubmitStamps } from '../../src/backends/webgpu/kernel-times.js'

const submit = (submitted: number, done: number, ...stamps: (number | bigint)[]): SubmitStamps => ({
  submitted,
  done,
  stamps: BigUint64Array.from(stamps.map(BigInt)),
})

describe('times of kernels on the clock of the host', () => {
  it('keep their lengths and distances; no pass begins before its submit', () => {
    const [first, second] = kernelTimes([
      submit(1000, 1010, 5_000_000, 6_500_000, 6_500_000, 7_000_000),
      submit(1004, 1020, 10_000_000, 11_000_000),
    ])
    // The first submit's pass may begin when it was submitted (5 ms at 1000), the second's at 10 ms not before 1004.
    expect(first).toEqual([
      { begin: 1000, end: 1001.5 },
      { begin: 1001.5, end: 1002 },
    ])
    expect(second).toEqual([{ begin: 1005, end: 1006 }])
  })

  it('are placed where no pass is early, though the first submit waited', () => {
    const [first] = kernelTimes([submit(1000, 1020, 1_000_000, 2_000_000), submit(1010, 1020, 3_000_000, 4_000_000)])
    expect(first).toEqual([{ begin: 1008, end: 1009 }])
  })

  it('go on where the counter wraps around', () => {
    const top = 2n ** 64n
    const [times] = kernelTimes([submit(50, 60, top - 1_000_000n, 500_000, 500_000, 1_000_000)])
    expect(times).toEqual([
      { begin: 50, end: 51.5 },
      { begin: 51.5, end: 52 },
    ])
  })

  it('take no time where stamps are zero, backwards, or longer than the host waited', () => {
    const [times] = kernelTimes([
      submit(50, 60, 1_000_000, 2_000_000, 0, 0, 3_000_000, 0, 4_000_000, 3_000_000, 5_000_000, 30_000_000),
    ])
    expect(times).toEqual([{ begin: 50, end: 51 }, ...Array(4).fill({ begin: 51, end: 51 })])
    expect(kernelTimes([submit(50, 60, 0, 0)])).toEqual([[{ begin: 50, end: 50 }]])
  })

  it('stand in their own submit after the clock of the GPU was reset', () => {
    const [, second] = kernelTimes([
      submit(100, 110, 900_000_000, 901_000_000),
      submit(5000, 5010, 1_000_000, 2_000_000),
      submit(6000, 6010, 1_001_000_000, 1_002_000_000),
    ])
    expect(second).toEqual([{ begin: 5000, end: 5001 }])
  })

  it('of nothing are nothing', () => {
    expect(kernelTimes([])).toEqual([])
    expect(kernelTimes([submit(1, 2)])).toEqual([[]])
  })
})
