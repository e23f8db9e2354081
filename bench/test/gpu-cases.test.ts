import { expect, test } from 'vitest'
import { gpuCases, memoryNeed, planCases } from '../src/webgpu/gpu-cases.js'

const GIB = 2 ** 30
const ALL = { sizes: undefined, quick: false, only: '' }
const names = (cases: readonly { readonly name: string }[]) => cases.map(({ name }) => name)
const planned = (gibibytes: number, maxBufferBytes: number, peers = 0) =>
  planCases(gpuCases(ALL), { memoryBytes: gibibytes * GIB, maxBufferBytes }, peers)

test('a large GPU runs everything', () => {
  const { run, leftOut } = planned(500, 64 * GIB)
  expect(leftOut).toEqual([])
  expect(names(run)).toEqual(names(gpuCases(ALL)))
})

test('what does not fit is left out with the reason: buffers first, then memory in all', () => {
  const small = planned(8, 2 * GIB)
  expect(names(small.run).filter((name) => name.startsWith('training'))).toEqual([
    'training step, batch 2',
    'training step, batch 1',
  ])
  expect(small.leftOut.find(({ name }) => name === 'training step, batch 16')?.reason).toBe(
    'needs a buffer of 3.1 GiB, the adapter gives 2.0 GiB',
  )
  expect(small.leftOut.find(({ name }) => name === 'training step, batch 4')?.reason).toMatch(
    /^needs about \d+\.\d GiB, 8\.0 GiB may be taken$/,
  )
  expect(names(small.run)).toContain('decoding Llama-3.2-1B bf16')
})

test('a peer on the same GPU needs as much again for training, and decoding has none', () => {
  const [training, decoding] = ['training step, batch 8', 'decoding Llama-3.2-1B bf16'].map((name) =>
    gpuCases(ALL).find((gpuCase) => gpuCase.name === name),
  )
  if (!training || !decoding) throw new Error('expected both cases')
  expect(memoryNeed(training, 1).bytes).toBeGreaterThan(1.8 * memoryNeed(training, 0).bytes)
  expect(memoryNeed(decoding, 1)).toEqual(memoryNeed(decoding, 0))
  // 1.24 billion weights of two bytes.
  expect(memoryNeed(decoding, 0).bytes).toBeGreaterThan(2 * 1.236e9)
})

test('--sizes and --only choose', () => {
  expect(names(gpuCases({ sizes: [512], quick: false, only: 'product' }))).toEqual([
    'product 512 float32',
    'product 512 float16',
  ])
})
