import { wasmDevice } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { afterAll, expect, test } from 'vitest'
import { FLASH_CASES } from './flash-cases.js'
import { FLASH_NAMES, flashProblem, flashReference, flashResults } from './flash-problem.js'

const [one, two] = [wasmDevice({ threads: 1 }), wasmDevice({ threads: 2 })]
afterAll(() => Promise.all([one.close(), two.close()]))

test.each(FLASH_CASES)(
  'kernels give what sums over the seen keys give, one thread and two: $of, $layout, D $D',
  async (c) => {
    const problem = flashProblem(c)
    const got = await flashResults(one, problem)
    const wanted = flashReference(problem)
    wanted.forEach((values, i) => {
      assertClose(got[i] as Float32Array, values, toleranceFor('float32', 'fused'), FLASH_NAMES[i] as string)
    })
    const both = await flashResults(two, problem)
    both.forEach((values, i) => {
      expect(values, FLASH_NAMES[i]).toEqual(got[i])
    })
  },
)
