import { assertClose } from '@almanac/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Device } from '../../src/index.js'
import { cpu64, type TestDevice, wasm, webgpu } from '../support/devices.js'
import { FUSED_CASES, fallbackOf, fusedOps, kernelsOf, toleranceOf } from './fused-cases.js'

test('every fused op that is exported has a case, every case a title of its own', () => {
  expect(new Set(FUSED_CASES.map(({ title }) => title)).size).toBe(FUSED_CASES.length)
  const covered = new Set(FUSED_CASES.map(({ op }) => op))
  expect(fusedOps.map(([name]) => name).filter((name) => !covered.has(name))).toEqual([])
})

/** What the fallback says in double precision, by the case's title. */
const expected = new Map<string, ArrayLike<number>[]>()
const byThreads = new Map<string, ArrayLike<number>[]>()

beforeAll(async () => {
  const { device } = await cpu64()
  for (const one of FUSED_CASES) expected.set(one.title, await fallbackOf(one, device as Device))
  await device?.close()
})

describe.each([
  ['wasm, one thread', 'wasm', () => wasm(1)],
  ['wasm, two threads', 'wasm', () => wasm(2)],
  ['webgpu', 'webgpu', () => webgpu()],
] as const)('fused kernels on %s', (name, backend, open) => {
  let target: TestDevice
  beforeAll(async () => {
    target = await open()
  })
  afterAll(async () => {
    await target.device?.close()
  })

  test.for(FUSED_CASES)('$title', async (one, context) => {
    const { device } = target
    if (!device) return context.skip('webgpu could not be opened; the reason is printed above')
    const { title } = one
    const got = await kernelsOf(one, backend, device)
    got.forEach((values, i) => {
      const wanted = expected.get(title)?.[i] as ArrayLike<number>
      assertClose(values, wanted, toleranceOf(one, backend), `${title}, output ${i}`)
    })
    if (name === 'wasm, one thread') byThreads.set(title, got)
    if (name === 'wasm, two threads') expect(got).toEqual(byThreads.get(title))
  })
})
