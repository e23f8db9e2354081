import { type Device, realize, setDefaultDevice, type Tensor, tensor, vjp } from '@almanac/tensor-core'
import { seededRandom } from '@almanac/test-kit'
import { causalAttention } from '../src/index.js'

export interface Case {
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

/** Of the results, in order. */
export const NAMES = ['y', 'lse', 'dq', 'dk', 'dv'] as const

export function problem({ B = 1, T, S = T, KV = 1, G = 1, D, starts = [], firsts = 0 }: Case) {
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
export type Problem = ReturnType<typeof problem>

/** In double precision, query by query. */
export function reference({ B, T, S, KV, G, H, D, q, k, v, dy, starts, firsts }: Problem) {
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

export async function results(device: Device, { B, T, S, KV, H, D, ...p }: Problem) {
  setDefaultDevice(device)
  const [q, dy] = [p.q, p.dy].map((x) => tensor(x, { shape: [B, T, H, D] })) as [Tensor, Tensor]
  const [k, v] = [p.k, p.v].map((x) => tensor(x, { shape: [B, S, KV, D] })) as [Tensor, Tensor]
  const firsts = tensor(p.firsts, { shape: [B, T] })
  const { y, lse } = causalAttention(q, k, v, { starts: tensor(p.starts), firsts })
  const [dq, dk, dv] = vjp(y, dy, [q, k, v]) as [Tensor, Tensor, Tensor]
  await realize(y, lse, dq, dk, dv)
  return Promise.all([y, lse, dq, dk, dv].map((t) => t.data()))
}
