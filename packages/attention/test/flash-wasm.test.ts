import { key, normal, realize, setDefaultDevice, take, tensor, wasmDevice } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { afterAll, expect, test } from 'vitest'
import { batchExtents, denseExtents, flashAttention } from '../src/index.js'
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

test.each([1, 4])(
  'a query over blocks of 16 gives the bits that it gives over a row of keys, %d heads a kv head',
  async (G) => {
    const before = setDefaultDevice(two)
    const [keys, KV, D, size] = [400, 3, 20, 16]
    const [q, k, v] = [normal(key(1), [1, KV * G, D]), normal(key(2), [keys, KV, D]), normal(key(3), [keys, KV, D])]
    const row = flashAttention(q, k, v, denseExtents({ batch: 1, time: 1, keys, starts: keys - 1 }))
    const order = Int32Array.from({ length: keys / size }, (_, i) => (7 * i) % (keys / size))
    const extents = batchExtents(
      {
        positions: tensor(Int32Array.of(keys - 1)),
        cuSeqlens: tensor(Int32Array.of(0, 1)),
        kvLengths: tensor(Int32Array.of(keys)),
        blockTables: tensor(order, { shape: [1, order.length] }),
      },
      { places: keys, blockSize: size },
    )
    /** Blocks at the places that the table says. */
    const paged = (x: typeof k) => {
      const at = new Int32Array(order.length)
      order.forEach((place, block) => {
        at[place] = block
      })
      return take(x.reshape([order.length, size * KV * D]), tensor(at)).reshape([keys, KV, D])
    }
    const blocks = flashAttention(q, paged(k), paged(v), extents)
    await realize(row.y, row.lse, blocks.y, blocks.lse)
    expect(await blocks.y.data()).toEqual(await row.y.data())
    expect(await blocks.lse.data()).toEqual(await row.lse.data())
    setDefaultDevice(before)
  },
)
