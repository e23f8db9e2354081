import { setDefaultDevice, wasmDevice } from '@almanac/tensor-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { measuredBytesPerToken } from '../src/cache-bytes.js'
import { runVariant } from '../src/run-variant.js'
import { SHAPE, VARIANTS } from '../src/variants.js'

const device = wasmDevice({ threads: 1 })
let before: ReturnType<typeof setDefaultDevice>
beforeAll(() => {
  before = setDefaultDevice(device)
})
afterAll(async () => {
  setDefaultDevice(before)
  await device.close()
})

const bytes = new TextEncoder().encode('the cat sat on the mat, and the dog sat on the log. '.repeat(60))

test.each(VARIANTS)('learns from a text that repeats itself, the same from the same seed: $name', async (variant) => {
  const shares: number[] = []
  const run = () =>
    runVariant(variant, { name: 'cats', bytes }, 1, {
      ...{ shape: { ...SHAPE, layers: 2 }, steps: 12, batchSize: 4, contextLength: 32, heldOut: 1 },
      onProgress: (share) => shares.push(share),
    })
  const score = await run()
  // A byte of 256 that is not known takes 8 bits.
  expect(score).toBeLessThan(5.5)
  expect(shares.at(-1)).toBe(1)
  expect(await run()).toBe(score)
})

// 2 L KV D floats, or L (dc + dR) of them.
test.each([
  [VARIANTS[0], 2 * 4 * 8 * 8 * 4],
  [VARIANTS[3], 2 * 4 * 1 * 8 * 4],
  [VARIANTS[5], 4 * (16 + 8) * 4],
] as const)('the allocator gives a token of %o %i bytes', async (variant, expected) => {
  expect(await measuredBytesPerToken(variant as (typeof VARIANTS)[number], SHAPE)).toBe(expected)
})
