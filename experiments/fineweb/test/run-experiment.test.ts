import { setDefaultDevice, wasmDevice } from '@almanac/tensor-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ArmName } from '../src/arms.js'
import type { Findings } from '../src/results.js'
import { runExperiment } from '../src/run-experiment.js'
import { differenceInWords, verdict } from '../src/verdict.js'
import { inventedSpeeches } from './invented-speeches.js'

const device = wasmDevice({ threads: 1 })
let before: ReturnType<typeof setDefaultDevice>
let findings: Findings
beforeAll(async () => {
  before = setDefaultDevice(device)
  findings = await run(['raw', 'filtered', 'thinned'])
}, 180_000)
afterAll(async () => {
  setDefaultDevice(before)
  await device.close()
})

const told: [number, number][] = []
const run = (arms: readonly ArmName[]) =>
  runExperiment({
    ...{ text: 'invented', texts: inventedSpeeches(16, 300), arms, steps: 3, seeds: 1, subsets: 2 },
    ...{ heldOutBatches: 1, questions: 8, onProgress: (number, share) => told.push([number, share]) },
  })

test('a run of a few steps scores every arm after the same tokens', () => {
  expect(findings.tokensPerStep).toBe(2048)
  expect(findings.arms.map(({ name }) => name)).toEqual(['raw', 'filtered', 'thinned'])
  for (const { runs, bytes, epochs, bitsPerByte } of findings.arms) {
    expect(runs.map(({ seed, subset }) => [seed, subset])).toEqual([
      [1, 1],
      [1, 2],
    ])
    // A byte of 256 takes 8 bits where nothing is known, and a letter of English 4 where its frequency is.
    for (const score of runs) {
      expect(score.bitsPerByte).toBeLessThan(8)
      expect(score.bitsPerByte).toBeGreaterThan(4)
    }
    expect(epochs).toBeCloseTo((3 * 2048 * 2) / bytes, 12)
    expect(bitsPerByte).toBeCloseTo(((runs[0]?.bitsPerByte ?? 0) + (runs[1]?.bitsPerByte ?? 0)) / 2, 12)
  }
  expect(findings.differences.map(({ arm, minus }) => [arm, minus])).toEqual([
    ['filtered', 'raw'],
    ['thinned', 'raw'],
    ['filtered', 'thinned'],
  ])
  const [raw, filtered] = findings.arms
  expect(findings.differences[0]?.bitsPerByte.mean).toBeCloseTo(
    (filtered?.bitsPerByte ?? 0) - (raw?.bitsPerByte ?? 0),
    12,
  )
  expect(findings.heldOut.scoredBytes).toBe(2048)
  expect(findings.heldOut.leaking).toBe(0)
  expect(told.at(-1)).toEqual([5, 1])
})

test('the same arms score the same in another run', async () => {
  const again = await run(['raw', 'filtered'])
  expect(again.arms).toEqual(findings.arms.slice(0, 2))
  expect(again.removals).toEqual(findings.removals)
})

test('the sentence about the claim follows the interval', () => {
  const say = (low: number, high: number) =>
    verdict({
      ...findings,
      differences: [
        {
          ...{ arm: 'filtered', minus: 'raw', cloze: { mean: 0, low: 0, high: 0 } },
          bitsPerByte: { mean: (low + high) / 2, low, high },
        },
      ],
    })
  expect(say(-0.3, -0.1)).toBe(
    "The paper's claim showed here: filtered text is better than raw text at equal tokens (-0.2000 bits a byte, 95 % interval -0.3000 to -0.1000).",
  )
  expect(say(0.1, 0.3)).toContain('did not show here: filtered text is worse')
  expect(say(-0.1, 0.3)).toContain('neither showed nor failed here')
  expect(verdict({ ...findings, differences: [] })).toBe('The run has no arms filtered and raw to compare.')
  expect(differenceInWords(findings.differences[0] as (typeof findings.differences)[number])).toMatch(
    /^[+-]\d\.\d{4} bits a byte, 95 % interval [+-]\d+\.\d{4} to [+-]\d+\.\d{4}$/,
  )
})
