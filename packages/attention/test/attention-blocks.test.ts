import { type Device, wasmDevice } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { afterAll, expect, test } from 'vitest'
import { FLASH_NAMES, type FlashCase, flashProblem, flashReference, flashResults } from './flash-problem.js'

// The kernels at and around the edges of their blocks (tiles of 6 and 8, lines of 12, blocks of 48 rows and 96 keys, tasks of
// 192), against sums in double precision.

const devices = [wasmDevice({ threads: 1 }), wasmDevice({ threads: 2 })]
afterAll(() => Promise.all(devices.map((device) => device.close())))

const rows = (B: number, T: number, S = T, starts: readonly number[] = []): FlashCase['sequences'] =>
  Array.from({ length: B }, (_, b) => ({
    queries: T,
    keys: S,
    ...(starts[b] === undefined ? {} : { start: starts[b] }),
  }))

const dense = (of: string, sequences: FlashCase['sequences'], more: Omit<FlashCase, 'of' | 'layout' | 'sequences'>) =>
  ({ of, layout: 'dense', sequences, ...more }) as const satisfies FlashCase

const LENGTHS = [5, 6, 7, 8, 9, 12, 13, 47, 48, 49, 95, 96, 97, 191, 192, 193, 250]
const DIMENSIONS = [1, 2, 3, 7, 8, 9, 20, 32, 64, 128, 200]
const CASES: readonly FlashCase[] = [
  ...LENGTHS.map((T) => dense(`T ${T}`, rows(1, T), { D: 8 })),
  // The same with a head a task in the backward pass.
  ...LENGTHS.map((T) => dense(`T ${T}, many heads`, rows(1, T), { D: 5, KV: 8 })),
  ...DIMENSIONS.map((D) => dense('T 59', rows(1, 59), { D, KV: 2 })),
  ...DIMENSIONS.map((D) => dense('T 50, many heads', rows(1, 50), { D, KV: 8 })),
  ...[1, 3, 4].flatMap((G) =>
    [2, 8].map((KV) => dense(`groups of ${G}, ${KV} kv heads`, rows(1, 53), { D: 12, KV, G })),
  ),
  ...[95, 96, 97, 200].flatMap((S) =>
    [1, 8].map((KV) => dense(`S ${S}, ${KV} kv heads`, rows(1, 30, S), { KV, G: 2, D: 6 })),
  ),
  ...[1, 4].flatMap((B) => [
    dense('keys behind the last query', rows(B, 50, 210, [0, 97, 3, 160]), { KV: 2, D: 5 }),
    dense('rows that see nothing', rows(B, 100, 100, [-60, -200, -1, 0]), { KV: 2, D: 5 }),
    dense('documents of 31', rows(B, 130), { KV: 2, G: 2, D: 9, documents: 31 }),
    dense('documents of 100', rows(B, 230), { KV: 2, D: 4, documents: 100 }),
    dense('queries that begin behind themselves', rows(B, 70), {
      KV: 2,
      D: 3,
      range: (t) => [Math.max(0, t % 7 === 0 ? t + 1 : t - 9), t + 1],
    }),
    dense('windows that open backwards', rows(B, 110), { KV: 2, D: 3, range: (t) => [Math.max(0, 60 - t), t + 1] }),
  ]),
  // More sequences than runs of tasks; tasks of which some are empty.
  {
    of: 'many sequences',
    layout: 'ragged',
    sequences: Array.from({ length: 150 }, (_, i) => ({ queries: i % 4, keys: i % 4 })),
    D: 4,
  },
  dense('one query of many heads', rows(1, 1, 70), { D: 8, G: 20 }),
  { of: 'blocks of 33', layout: 'paged', blockSize: 33, sequences: rows(2, 1, 150), D: 8, KV: 2 },
]

test.each(CASES)('$of: $sequences.length sequences, KV $KV, G $G, D $D', async (one) => {
  const p = flashProblem(one)
  const [single, both] = [await flashResults(devices[0] as Device, p), await flashResults(devices[1] as Device, p)]
  flashReference(p).forEach((expected, i) => {
    assertClose(single[i] as Float32Array, expected, toleranceFor('float32', 'fused'), FLASH_NAMES[i] as string)
    expect(both[i]).toEqual(single[i])
  })
})

test.each([1, 8])('what scratch memory held before is of no account, %i kv heads', async (KV) => {
  const p = flashProblem(dense('', rows(1, 101), { KV, G: 3, D: 10, documents: 17 }))
  const device = devices[0] as Device
  const expected = await flashResults(device, p)
  const nothing = (x: ArrayLike<number>) => new Float32Array(x.length).fill(Number.NaN)
  const [y] = await flashResults(device, { ...p, q: nothing(p.q), k: nothing(p.k), v: nothing(p.v), dy: nothing(p.dy) })
  expect([...(y as Float32Array)].every(Number.isNaN)).toBe(true)
  expect(await flashResults(device, p)).toEqual(expected)
})
