import { cpuDevice, setDefaultDevice } from '@almanac/tensor-core'
import { describe, expect, it } from 'vitest'
import { heldOutBatches, splitHeldOut, type TokenBatch, tokenBatches } from '../src/index.js'

setDefaultDevice(cpuDevice())

const tokens = Uint8Array.from({ length: 100 }, (_, i) => i)
const rows = async ({ inputs, targets }: TokenBatch) => ({
  inputs: (await inputs.toArray()) as number[][],
  targets: (await targets.toArray()) as number[][],
})

describe('tokenBatches', () => {
  it('gives windows and the tokens that follow them, int32 [B, T]', async () => {
    const batch = tokenBatches(tokens, { batchSize: 3, contextLength: 7 })(0)
    expect(batch.inputs.shape).toEqual([3, 7])
    expect(batch.inputs.dtype).toBe('int32')
    const { inputs, targets } = await rows(batch)
    inputs.forEach((row, i) => {
      expect(row).toEqual(Array.from({ length: 7 }, (_, j) => row[0] + j))
      expect(targets[i]).toEqual(row.map((id) => id + 1))
    })
  })

  it('is a pure function of seed and step', async () => {
    const options = { batchSize: 4, contextLength: 5, seed: 9 }
    const starts = async (seed: number, step: number) =>
      (await rows(tokenBatches(tokens, { ...options, seed })(step))).inputs.map((row) => row[0])
    expect(await starts(9, 17)).toEqual(await starts(9, 17))
    expect(await starts(9, 17)).not.toEqual(await starts(9, 18))
    expect(await starts(9, 17)).not.toEqual(await starts(10, 17))
    expect(await starts(9 + 2 ** 32, 17)).not.toEqual(await starts(9, 17))
  })

  it('draws every place about equally often, the first and the last included', async () => {
    const batches = tokenBatches(tokens, { batchSize: 500, contextLength: 90 })
    const counts = new Array<number>(10).fill(0)
    for (let step = 0; step < 4; step++) {
      for (const [start] of (await rows(batches(step))).inputs) counts[start as number]++
    }
    // 2,000 draws of 10 places: mean 200, standard deviation 13.4; five of them either way.
    for (const count of counts) expect(Math.abs(count - 200)).toBeLessThan(67)
  })

  it('walks through the text in order and begins again', async () => {
    const batches = tokenBatches(tokens, { batchSize: 2, contextLength: 30, order: 'sequential' })
    const starts = async (step: number) => (await rows(batches(step))).inputs.map((row) => row[0])
    // 70 places: windows at 0, 30, 60, and the last moved back to 69 is not needed: 60 + 30 is inside.
    expect([await starts(0), await starts(1), await starts(2)]).toEqual([
      [0, 30],
      [60, 0],
      [30, 60],
    ])
  })

  it('refuses a text that is too short, naming both lengths', () => {
    expect(() => tokenBatches(tokens, { batchSize: 1, contextLength: 100 })).toThrow(
      'tokenBatches: expected at least 101 tokens, contextLength and one, got 100. Give more text or a shorter context.',
    )
    expect(() => tokenBatches(tokens, { batchSize: 0, contextLength: 4 })).toThrow('a whole batchSize from 1, got 0')
    expect(() => tokenBatches(tokens, { batchSize: 1, contextLength: 4, seed: -1 })).toThrow('got -1')
  })
})

describe('heldOutBatches', () => {
  it('spreads full batches of fixed windows over the text', async () => {
    const batches = heldOutBatches(tokens, { batchSize: 2, contextLength: 10, count: 2 })
    const starts = await Promise.all(batches.map(async (batch) => (await rows(batch())).inputs.map((row) => row[0])))
    expect(starts).toEqual([
      [0, 20],
      [40, 60],
    ])
  })

  it('takes all full batches when no count is given, and a smaller one rather than none', () => {
    expect(heldOutBatches(tokens, { batchSize: 2, contextLength: 10 })).toHaveLength(4)
    const [only, ...rest] = heldOutBatches(tokens, { batchSize: 50, contextLength: 10 })
    expect(rest).toEqual([])
    expect(only?.().inputs.shape).toEqual([9, 10])
  })
})

describe('splitHeldOut', () => {
  it('sets the end apart', () => {
    const { train, heldOut } = splitHeldOut(tokens, 0.1)
    expect([train.length, heldOut.length, heldOut[0]]).toEqual([90, 10, 90])
    expect(() => splitHeldOut(tokens, 1)).toThrow('splitHeldOut: expected a fraction between 0 and 1, got 1.')
  })
})
