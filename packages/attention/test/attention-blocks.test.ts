import { type Device, wasmDevice } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { afterAll, expect, test } from 'vitest'
import { type Case, NAMES, problem, reference, results } from './attention-problem.js'

// The kernels at and around the edges of their blocks (tiles of 6 and 8, lines of 12, blocks of 48 rows and 96 keys, tasks of
// 192), against sums in double precision.

const devices = [wasmDevice({ threads: 1 }), wasmDevice({ threads: 2 })]
afterAll(() => Promise.all(devices.map((device) => device.close())))

const squares: Case[] = [5, 6, 7, 8, 9, 12, 13, 47, 48, 49, 95, 96, 97, 191, 192, 193, 250].map((T) => ({
  of: `T ${T}`,
  T,
  D: 8,
}))
const dimensions: Case[] = [1, 2, 3, 7, 8, 9, 20, 32, 64, 128, 200].map((D) => ({ of: `D ${D}`, T: 59, D, KV: 2 }))
const groups: Case[] = [1, 3, 4].flatMap((G) =>
  [2, 8].map((KV) => ({ of: `groups of ${G}, ${KV} kv heads`, T: 53, D: 12, KV, G })),
)
const CASES: Case[] = [
  ...squares,
  // The same with a head a task in the backward pass.
  ...squares.map((each) => ({ ...each, of: `${each.of}, many heads`, KV: 8, D: 5 })),
  ...dimensions,
  ...dimensions.map((each) => ({ ...each, of: `${each.of}, many heads`, KV: 8, T: 50 })),
  ...groups,
  ...[95, 96, 97, 200].flatMap((S) =>
    [1, 8].map((KV) => ({ of: `S ${S}`, T: 30, S, KV, G: 2, D: 6, starts: [S - 30] })),
  ),
  ...[1, 4].flatMap((B) => [
    { of: 'keys behind the last query', B, T: 50, S: 210, KV: 2, D: 5, starts: [0, 97, 3, 160].slice(0, B) },
    { of: 'rows that see nothing', B, T: 100, S: 100, KV: 2, D: 5, starts: [-60, -200, -1, 0].slice(0, B) },
    { of: 'documents of 31', B, T: 130, KV: 2, G: 2, D: 9, firsts: 31 },
    { of: 'documents of 100', B, T: 230, KV: 2, D: 4, firsts: 100 },
    {
      of: 'queries that begin behind themselves',
      B,
      T: 70,
      KV: 2,
      D: 3,
      firsts: (t: number) => (t % 7 === 0 ? t + 1 : t - 9),
    },
    { of: 'windows that open backwards', B, T: 110, KV: 2, D: 3, firsts: (t: number) => Math.max(0, 60 - t) },
  ]),
]

test.each(CASES.map((each) => ({ B: 1, S: each.T, KV: 1, G: 1, ...each })))(
  '$of: B $B, T $T, S $S, KV $KV, G $G, D $D',
  async (each) => {
    const p = problem(each)
    const [one, two] = [await results(devices[0] as Device, p), await results(devices[1] as Device, p)]
    reference(p).forEach((expected, i) => {
      assertClose(one?.[i] as Float32Array, expected, toleranceFor('float32', 'fused'), NAMES[i] as string)
      expect(two?.[i]).toEqual(one?.[i])
    })
  },
)

test.each([1, 8])('what scratch memory held before is of no account, %i kv heads', async (KV) => {
  const p = problem({ of: '', T: 101, KV, G: 3, D: 10, firsts: 17 })
  const device = devices[0] as Device
  const expected = await results(device, p)
  const nothing = (x: Float32Array) => new Float32Array(x.length).fill(Number.NaN)
  const [y] = await results(device, { ...p, q: nothing(p.q), k: nothing(p.k), v: nothing(p.v), dy: nothing(p.dy) })
  expect(y?.every(Number.isNaN)).toBe(true)
  expect(await results(device, p)).toEqual(expected)
})
