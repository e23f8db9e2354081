import { type Device, realize, setDefaultDevice, type Tensor, tensor, vjp, wasmDevice } from '@almanac/tensor-core'
import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { afterAll, expect, test } from 'vitest'
import { causalAttention } from '../src/index.js'

// The kernels at and around the edges of their blocks (tiles of 6 and 8, lines of 12, blocks of 48 rows and 96 keys, tasks of
// 192), against sums in double precision.

const devices = [wasmDevice({ threads: 1 }), wasmDevice({ threads: 2 })]
afterAll(() => Promise.all(devices.map((device) => device.close())))

interface Case {
  readonly of: string
  readonly B?: number
  readonly T: number
  readonly S?: number
  readonly KV?: number
  readonly G?: number
  readonly D: number
  /** Position of each row's first query. */
  readonly starts?: readonly number[]
  /** Length of the documents, or the first key of each query. */
  readonly firsts?: number | ((t: number) => number)
}

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

const NAMES = ['y', 'lse', 'dq', 'dk', 'dv'] as const

function problem({ B = 1, T, S = T, KV = 1, G = 1, D, starts = [], firsts = 0 }: Case) {
  const random = seededRandom(T + 7 * D)
  const normals = (n: number) => Float32Array.from(random.normals(n))
  const H = KV * G
  const first = (b: number, t: number): number => {
    const position = (starts[b] ?? 0) + t
    if (typeof firsts === 'function') return firsts(position)
    return firsts === 0 ? 0 : position - (((position % firsts) + firsts) % firsts)
  }
  return {
    ...{ B, T, S, KV, G, H, D },
    ...{
      q: normals(B * T * H * D),
      k: normals(B * S * KV * D),
      v: normals(B * S * KV * D),
      dy: normals(B * T * H * D),
    },
    starts: Int32Array.from({ length: B }, (_, b) => starts[b] ?? 0),
    firsts: Int32Array.from({ length: B * T }, (_, i) => first(Math.floor(i / T), i % T)),
  }
}
type Problem = ReturnType<typeof problem>

function reference({ B, T, S, KV, G, H, D, q, k, v, dy, starts, firsts }: Problem) {
  const [y, dq] = [new Float64Array(q.length), new Float64Array(q.length)]
  const [dk, dv] = [new Float64Array(k.length), new Float64Array(k.length)]
  const lse = new Float64Array(B * T * H).fill(Number.NEGATIVE_INFINITY)
  const scale = D ** -0.5
  const dot = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): number => {
    let sum = 0
    for (let d = 0; d < D; d++) sum += (a[i + d] as number) * (b[j + d] as number)
    return sum
  }
  const add = (to: Float64Array, i: number, factor: number, b: ArrayLike<number>, j: number): void => {
    for (let d = 0; d < D; d++) to[i + d] = (to[i + d] as number) + factor * (b[j + d] as number)
  }
  for (let row = 0; row < B * T * H; row++) {
    const token = Math.floor(row / H)
    const [batch, head] = [Math.floor(token / T), Math.floor((row % H) / G)]
    const from = Math.max(0, firsts[token] as number)
    const end = Math.min(S, (starts[batch] as number) + (token % T) + 1)
    if (from >= end) continue
    const keyAt = (s: number): number => ((batch * S + s) * KV + head) * D
    const scores = Array.from({ length: end - from }, (_, i) => scale * dot(q, row * D, k, keyAt(from + i)))
    const largest = Math.max(...scores)
    const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0)
    lse[row] = largest + Math.log(total)
    const weights = scores.map((score) => Math.exp(score - (lse[row] as number)))
    weights.forEach((w, i) => {
      add(y, row * D, w, v, keyAt(from + i))
    })
    const delta = dot(dy, row * D, y, row * D)
    weights.forEach((w, i) => {
      const key = keyAt(from + i)
      const change = scale * w * (dot(dy, row * D, v, key) - delta)
      add(dv, key, w, dy, row * D)
      add(dq, row * D, change, k, key)
      add(dk, key, change, q, row * D)
    })
  }
  return [y, lse, dq, dk, dv]
}

async function results(device: Device, { B, T, S, KV, H, D, ...p }: Problem) {
  setDefaultDevice(device)
  const [q, dy] = [p.q, p.dy].map((x) => tensor(x, { shape: [B, T, H, D] })) as [Tensor, Tensor]
  const [k, v] = [p.k, p.v].map((x) => tensor(x, { shape: [B, S, KV, D] })) as [Tensor, Tensor]
  const firsts = tensor(p.firsts, { shape: [B, T] })
  const { y, lse } = causalAttention(q, k, v, { starts: tensor(p.starts), firsts })
  const [dq, dk, dv] = vjp(y, dy, [q, k, v]) as [Tensor, Tensor, Tensor]
  await realize(y, lse, dq, dk, dv)
  return Promise.all([y, lse, dq, dk, dv].map((t) => t.data()))
}

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
