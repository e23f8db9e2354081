import { floatBits, type KernelLaunch, type KernelSource, type Shape } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import { type AttentionAttributes, attentionExtents } from './attention-launch.js'

/*
 * Attention of few queries over many keys, as in decoding: the keys are cut into chunks, so that every thread has work
 * though there are fewer kv heads than would keep it busy. One kernel leaves maximum, total and weighted sum of each
 * chunk, a second one joins them (Dao et al. 2023, "Flash-Decoding"). Chunks depend on shapes alone.
 */

/** Queries of one kv head, at all positions and heads of its group, up to which this is the faster way. */
export const FEW_ROWS = 8
/** Keys of a chunk: with their values they stay in the first cache while the rows take turns. */
const CHUNK = 64
/** Vectors of channels that a turn over the keys sums in registers. */
const WIDTH = 8

const NOTHING = Number.NEGATIVE_INFINITY

export function hasFewQueries({ inputs }: KernelLaunch<AttentionAttributes>): boolean {
  const [q, k] = inputs.map((input) => input.view.shape) as [Shape, Shape]
  const { time, group, channels } = attentionExtents(q, k)
  return time * group <= FEW_ROWS && channels % 4 === 0
}

function sizesOf({ inputs, attributes }: KernelLaunch<AttentionAttributes>): number[] {
  const [q, k] = inputs.map((input) => input.view.shape) as [Shape, Shape]
  const { batch, time, heads, channels, keys, kvHeads, group } = attentionExtents(q, k)
  const chunks = Math.ceil(keys / CHUNK)
  return [batch, time, heads, channels, keys, kvHeads, group, chunks, floatBits(attributes.scale)]
}

/** Of each chunk and row: maximum, total, and the sum of D channels; and scores of a chunk for each unit. */
function workspace(launch: KernelLaunch<AttentionAttributes>): number {
  const [batch, time, heads, channels, , kvHeads, , chunks] = sizesOf(launch) as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return 4 * (batch * time * heads * chunks * (channels + 4) + batch * kvHeads * chunks * (CHUNK + 1))
}

const NAMES = ['batch', 'time', 'heads', 'channels', 'keys', 'kvHeads', 'group', 'chunks'] as const

function declare(k: v.KernelBuilder) {
  const [q, keys, values] = ['q', 'k', 'v'].map((name) => k.buffer(name, 'float32', 'read')) as [
    v.BufferRef,
    v.BufferRef,
    v.BufferRef,
  ]
  const [starts, firsts] = [k.buffer('starts', 'int32', 'read'), k.buffer('firsts', 'int32', 'read')]
  const [y, lse] = [k.buffer('y', 'float32', 'write'), k.buffer('lse', 'float32', 'write')]
  const scratch = k.reinterpret(k.buffer('scratch', 'uint8', 'readwrite'), 'float32')
  const p = Object.fromEntries(NAMES.map((name) => [name, k.param(name)])) as Record<(typeof NAMES)[number], v.Value>
  const scale = k.paramF32('scale')
  const record = k.let(v.add(p.channels, 4), 'record')
  /** Where the results of a row (of y) for a chunk lie: maximum, total, two spare, the sum. */
  const recordAt = (row: v.Value, chunk: v.Value): v.Value => v.mul(v.add(v.mul(row, p.chunks), chunk), record)
  /** The keys that the query of a row sees: [first, end). */
  const seenBy = (batch: v.Value, position: v.Value): [first: v.Value, end: v.Value] => [
    k.let(v.max(k.load(firsts, v.add(v.mul(batch, p.time), position)), 0), 'first'),
    k.let(v.min(p.keys, v.add(v.add(k.load(starts, batch), position), 1)), 'end'),
  ]
  return { q, keys, values, y, lse, scratch, p, scale, recordAt, seenBy }
}

const int = (name: string) => ({ name, type: 'i32' }) as const
const f32 = (name: string) => ({ name, type: 'f32' }) as const

const chunks: KernelSource<AttentionAttributes> = {
  applies: hasFewQueries,
  params: sizesOf,
  workspace,
  build(k) {
    const { q, keys, values, scratch, p, scale, recordAt, seenBy } = declare(k)
    const scoresStart = k.let(
      v.mul(v.mul(v.mul(p.batch, p.time), v.mul(p.heads, p.chunks)), v.add(p.channels, 4)),
      'scores',
    )

    /** scores[i] = scale q . k[i] for `count` keys; returns the largest. */
    const score = k.func(
      'score',
      [int('q'), int('k'), int('stride'), int('count'), int('out'), f32('scale')],
      (qAt, kAt, stride, count, out, factor) => {
        const largest = k.variable(v.f32(NOTHING), 'largest')
        const key = k.variable(kAt as v.Value, 'key')
        const eights = k.let(v.and(p.channels, v.i32(-8)))
        k.for(0, count as v.Value, (i) => {
          const sums = [k.variable(v.splat(v.f32(0), 4)), k.variable(v.splat(v.f32(0), 4))]
          const step = (d: v.Value, way: number): void => {
            const at = v.add(d, v.i32(4 * way))
            const sum = sums[way] as v.Variable
            sum.set(v.fma(v.load(q, v.add(qAt as v.Value, at), 4), v.load(keys, v.add(key.get(), at), 4), sum.get()))
          }
          k.for(
            0,
            eights,
            (d) => {
              step(d, 0)
              step(d, 1)
            },
            8,
          )
          k.for(eights, p.channels, (d) => step(d, 0), 4)
          const [a, b] = sums as [v.Variable, v.Variable]
          const value = k.let(v.mul(v.reduceLanes('add', v.add(a.get(), b.get())), factor as v.Value))
          k.store(scratch, v.add(out as v.Value, i), value)
          largest.set(v.max(largest.get(), value))
          key.set(v.add(key.get(), stride as v.Value))
        })
        k.store(scratch, v.add(out as v.Value, v.i32(-1)), largest.get())
        return undefined
      },
    )

    /** scores[i] to e^(score - maximum); their sum goes before them. */
    const weigh = k.func('weigh', [int('scores'), int('count'), f32('maximum')], (scores, count, maximum) => {
      const total = k.variable(v.f32(0), 'total')
      k.forVector(scores as v.Value, v.add(scores as v.Value, count as v.Value), (at, lanes) => {
        const weight = k.let(v.exp(v.sub(v.load(scratch, at, lanes), v.splat(maximum as v.Value, lanes))))
        k.store(scratch, at, weight)
        total.set(v.add(total.get(), v.reduceLanes('add', weight)))
      })
      k.store(scratch, v.add(scores as v.Value, v.i32(-1)), total.get())
      return undefined
    })

    /** out[c] = sum of weights[i] v[i][c], for `vectors` vectors of channels. */
    const sumOf = (vectors: number): v.KernelFunction =>
      k.func(
        `sum${vectors}`,
        [int('weights'), int('count'), int('v'), int('stride'), int('out')],
        (weights, count, start, stride, out) => {
          const sums = Array.from({ length: vectors }, () => k.variable(v.splat(v.f32(0), 4), 'sum'))
          const row = k.variable(start as v.Value, 'row')
          k.for(weights as v.Value, v.add(weights as v.Value, count as v.Value), (at) => {
            const weight = k.let(v.splat(v.load(scratch, at, 1), 4))
            for (const [c, sum] of sums.entries()) {
              sum.set(v.fma(weight, v.load(values, v.add(row.get(), v.i32(4 * c)), 4), sum.get()))
            }
            row.set(v.add(row.get(), stride as v.Value))
          })
          for (const [c, sum] of sums.entries()) k.store(scratch, v.add(out as v.Value, v.i32(4 * c)), sum.get())
          return undefined
        },
      )
    const [wide, narrow] = [sumOf(WIDTH), sumOf(1)]

    k.parallel(v.mul(v.mul(p.batch, p.kvHeads), p.chunks), (unit) => {
      const chunk = k.let(v.rem(unit, p.chunks), 'chunk')
      const head = k.let(v.div(unit, p.chunks))
      const batch = k.let(v.div(head, p.kvHeads), 'batch')
      const kvHead = k.let(v.rem(head, p.kvHeads), 'kvHead')
      const stride = k.let(v.mul(p.kvHeads, p.channels), 'stride')
      // The word before the scores takes what the functions return.
      const scores = k.let(v.add(v.add(scoresStart, v.mul(unit, CHUNK + 1)), 1))
      k.for(0, v.mul(p.time, p.group), (r) => {
        const position = k.let(v.div(r, p.group))
        const queryHead = v.add(v.mul(kvHead, p.group), v.rem(r, p.group))
        const row = k.let(v.add(v.mul(v.add(v.mul(batch, p.time), position), p.heads), queryHead), 'row')
        const [first, end] = seenBy(batch, position)
        const from = k.let(v.max(first, v.mul(chunk, CHUNK)), 'from')
        const count = k.let(v.sub(v.min(end, v.mul(v.add(chunk, 1), CHUNK)), from), 'count')
        k.if(v.gt(count, 0), () => {
          const at = k.let(v.mul(v.add(v.mul(v.add(v.mul(batch, p.keys), from), p.kvHeads), kvHead), p.channels), 'at')
          const result = k.let(recordAt(row, chunk), 'result')
          k.call(score, [v.mul(row, p.channels), at, stride, count, scores, scale])
          const maximum = k.let(k.load(scratch, v.sub(scores, 1)))
          k.call(weigh, [scores, count, maximum])
          k.store(scratch, result, maximum)
          k.store(scratch, v.add(result, 1), k.load(scratch, v.sub(scores, 1)))
          const whole = k.let(v.sub(p.channels, v.rem(p.channels, 4 * WIDTH)))
          const sum = (func: v.KernelFunction, c: v.Value): void =>
            k.call(func, [scores, count, v.add(at, c), stride, v.add(v.add(result, c), v.i32(4))])
          k.for(0, whole, (c) => sum(wide, c), 4 * WIDTH)
          k.for(whole, p.channels, (c) => sum(narrow, c), 4)
        })
      })
    })
  },
}

const join: KernelSource<AttentionAttributes> = {
  applies: hasFewQueries,
  params: sizesOf,
  workspace,
  build(k) {
    const { y, lse, scratch, p, recordAt, seenBy } = declare(k)
    k.parallel(v.mul(v.mul(p.batch, p.time), p.heads), (row) => {
      const token = k.let(v.div(row, p.heads))
      const [first, end] = seenBy(v.div(token, p.time), v.rem(token, p.time))
      const to = k.let(v.mul(row, p.channels), 'to')
      k.if(
        v.lt(first, end),
        () => {
          const firstChunk = k.let(v.div(first, CHUNK))
          const lastChunk = k.let(v.div(v.sub(end, 1), CHUNK))
          const eachChunk = (body: (result: v.Value) => void): void =>
            k.for(firstChunk, v.add(lastChunk, 1), (chunk) => body(k.let(recordAt(row, chunk))))
          const largest = k.variable(v.f32(NOTHING), 'largest')
          eachChunk((result) => largest.set(v.max(largest.get(), k.load(scratch, result))))
          const total = k.variable(v.f32(0), 'total')
          // A chunk's maximum is replaced by its factor.
          eachChunk((result) => {
            const factor = k.let(v.exp(v.sub(k.load(scratch, result), largest.get())))
            total.set(v.fma(k.load(scratch, v.add(result, 1)), factor, total.get()))
            k.store(scratch, result, factor)
          })
          const inverse = k.let(v.splat(v.div(v.f32(1), total.get()), 4))
          k.for(
            0,
            p.channels,
            (c) => {
              const sum = k.variable(v.splat(v.f32(0), 4), 'sum')
              eachChunk((result) => {
                const factor = v.splat(v.load(scratch, result, 1), 4)
                sum.set(v.fma(factor, v.load(scratch, v.add(v.add(result, c), v.i32(4)), 4), sum.get()))
              })
              k.store(y, v.add(to, c), v.mul(sum.get(), inverse))
            },
            4,
          )
          k.store(lse, row, v.add(largest.get(), v.log(total.get())))
        },
        () => {
          k.for(0, p.channels, (c) => k.store(y, v.add(to, c), v.splat(v.f32(0), 4)), 4)
          k.store(lse, row, v.f32(NOTHING))
        },
      )
    })
  },
}

export default [chunks, join]
