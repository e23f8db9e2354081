import { tensor, wasmDevice } from '@almanac/tensor-core'
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

// What kernels read of narrow keys is what they round to.
test.each(['float16', 'bfloat16'] as const)('keys and values stored in %s, few queries and many', async (dtype) => {
  for (const queries of [1, 50]) {
    const problem = flashProblem({
      ...{
        of: '',
        layout: 'paged',
        sequences: [
          { queries, keys: 90 },
          { queries, keys: 61 },
        ],
      },
      ...{ KV: 2, G: 2, D: 20, window: 70, sinks: 2 },
    })
    const rounded = async (x: ArrayLike<number>) =>
      Float32Array.from((await tensor(Float32Array.from(x)).cast(dtype).cast('float32').data()) as Float32Array)
    const wanted = flashReference({ ...problem, k: await rounded(problem.k), v: await rounded(problem.v) })
    const got = await flashResults(one, problem, dtype)
    for (const i of [0, 1]) {
      assertClose(
        got[i] as Float32Array,
        wanted[i] as Float64Array,
        toleranceFor('float32', 'fused'),
        FLASH_NAMES[i] as string,
      )
    }
  }
})

test('a sequence that decodes in a batch gives the bits that it gives alone', async () => {
  const lengths = [300, 7, 64, 129]
  const problem = flashProblem({
    ...{ of: '', layout: 'paged', sequences: lengths.map((keys) => ({ queries: 1, keys })), KV: 2, G: 3, D: 16 },
  })
  const [together] = (await flashResults(two, problem)) as [Float32Array]
  const width = 3 + problem.P
  const each = problem.H * problem.D
  for (const s of lengths.keys()) {
    const table = problem.table.slice(s * width, (s + 1) * width)
    table.set([0, 1])
    const alone = {
      ...{ N: 1, S: 1, table, ranges: problem.ranges.slice(2 * s, 2 * s + 2) },
      ...{ q: problem.q.slice(s * each, (s + 1) * each), dy: problem.dy.slice(s * each, (s + 1) * each) },
    }
    const [y] = (await flashResults(one, { ...problem, ...alone })) as [Float32Array]
    expect(y).toEqual(together.slice(s * each, (s + 1) * each))
  }
})
