import { cpuDevice } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { expect, test } from 'vitest'
import { FLASH_CASES } from './flash-cases.js'
import { FLASH_NAMES, flashProblem, flashReference, flashResults } from './flash-problem.js'

test.each(FLASH_CASES)('the fallback gives what sums over the seen keys give: $of, $layout, D $D', async (one) => {
  const device = cpuDevice()
  try {
    const problem = flashProblem(one)
    const got = await flashResults(device, problem)
    const wanted = flashReference(problem)
    expect(got.length).toBe(wanted.length)
    wanted.forEach((values, i) => {
      assertClose(got[i] as Float32Array, values, toleranceFor('float32', 'fused'), FLASH_NAMES[i] as string)
    })
  } finally {
    await device.close()
  }
})
