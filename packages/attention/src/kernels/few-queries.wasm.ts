import { floatBits, type KernelLaunch, type KernelSource, type Shape } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import { type AttentionAttributes, attentionExtents } from './attention-launch.js'
import { declareFewQueryTiles } from './few-query-tiles.js'

/*
 * Attention of few queries over many keys, as in decoding: the keys are cut into chunks, so that every thread has work
 * though there are fewer kv heads than would keep it busy. One kernel leaves maximum, total and weighted sum of each
 * chunk, a second one joins them (Dao et al. 2023, "Flash-Decoding"). A chunk has the keys of all kv heads, which lie side by
 * side: memory is read from end to end. Chunks begin at multiples of their length, whoever runs them.
 */

/** Queries of one kv head, at all positions and heads of its group, up to which this is the faster way. */
export const FEW_ROWS = 8
/** Keys of a chunk: with their values they stay in the first cache while the rows take turns. */
const CHUNK = 32
/** Floats of a row's result for a chunk beside its channels: maximum, total, two spare. */
const HEAD = 4

/** Floats of a cache line. */
const LINE = 16

const NOTHING = Number.NEGATIVE_INFINITY

export function hasFewQueries({ inputs }: KernelLaunch<AttentionAttributes>): boolean {
  const [q, k] = inputs.map((input) => input.view.shape) as [Shape, Shape]
  const { time, group, channels } = attentionExtents(q, k)
  return time * group <= FEW_ROWS && channels % 4 === 0
}

function extentsOf({ inputs }: KernelLaunch<AttentionAttributes>) {
  const [q, k] = inputs.map((input) => input.view.shape) as [Shape, Shape]
  const extents = attentionExtents(q, k)
  return { ...extents, chunks: Math.ceil(extents.keys / CHUNK) }
}

function params(launch: KernelLaunch<AttentionAttributes>): number[] {
  const { batch, time, heads, channels, keys, kvHeads, group, chunks } = extentsOf(launch)
  return [batch, time, heads, channels, keys, kvHeads, group, chunks, floatBits(launch.attributes.scale)]
}

/** Of each row and chunk its result; and the scores of a chunk, for the two rows that a unit has in hand. */
function workspace(launch: KernelLaunch<AttentionAttributes>): number {
  const { batch, time, heads, channels, chunks } = extentsOf(launch)
  return 4 * batch * chunks * (time * heads * (channels + HEAD) + 2 * CHUNK)
}

const int = (name: string) => ({ name, type: 'i32' }) as const

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
  const record = k.let(v.add(p.channels, HEAD), 'record')
  /** Where the result of a row (of y) for a chunk lies. */
  const recordAt = (row: v.Value, chunk: v.Value): v.Value => v.mul(v.add(v.mul(row, p.chunks), chunk), record)
  /** The keys that the query of a row sees: [first, end). */
  const seenBy = (batch: v.Value, position: v.Value): [first: v.Value, end: v.Value] => [
    k.let(v.max(k.load(firsts, v.add(v.mul(batch, p.time), position)), 0), 'first'),
    k.let(v.min(p.keys, v.add(v.add(k.load(starts, batch), position), 1)), 'end'),
  ]
  return { q, keys, values, starts, y, lse, scratch, p, scale, record, recordAt, seenBy }
}

const chunks: KernelSource<AttentionAttributes> = {
  applies: hasFewQueries,
  params,
  workspace,
  build(k) {
    const { q, keys, values, starts, scratch, p, scale, record, recordAt, seenBy } = declare(k)
    const tiles = declareFewQueryTiles(k, { q, keys, values, scratch, channels: p.channels, chunk: CHUNK })
    const scoresStart = k.let(v.mul(v.mul(v.mul(p.batch, p.time), v.mul(p.heads, p.chunks)), record), 'scores')
    const stride = k.let(v.mul(p.kvHeads, p.channels), 'stride')
    const rowApart = k.let(v.mul(p.chunks, record), 'rowApart')

    /** Reads a number of every cache line; their sum goes to `out`, so that it is not for nothing. */
    const touches = [keys, values].map((buffer) =>
      k.func('touch', [int('at'), int('floats'), int('out')], (at, floats, out) => {
        const sum = k.variable(v.f32(0), 'sum')
        k.for(
          at as v.Value,
          v.add(at as v.Value, floats as v.Value),
          (i) => sum.set(v.add(sum.get(), v.load(buffer, i, 1))),
          LINE,
        )
        k.store(scratch, out as v.Value, sum.get())
        return undefined
      }),
    )

    // Chunks behind the last key that anybody sees are no work: threads share what there really is.
    const lastKey = k.variable(v.i32(0), 'lastKey')
    k.for(0, p.batch, (b) => lastKey.set(v.max(lastKey.get(), v.add(k.load(starts, b), p.time))))
    const seen = k.let(v.min(p.keys, lastKey.get()), 'seen')
    const live = k.let(v.max(v.div(v.add(seen, CHUNK - 1), CHUNK), 0), 'live')

    k.parallel(v.mul(p.batch, live), (unit) => {
      const batch = k.let(v.div(unit, live), 'batch')
      const chunk = k.let(v.sub(unit, v.mul(batch, live)), 'chunk')
      const scores = k.let(v.add(scoresStart, v.mul(unit, 2 * CHUNK)), 'scores')
      const chunkKey = k.let(v.mul(chunk, CHUNK), 'chunkKey')
      const chunkAt = k.let(v.mul(v.add(v.mul(batch, p.keys), chunkKey), stride), 'chunkAt')
      const floats = k.let(v.mul(v.sub(v.min(seen, v.add(chunkKey, CHUNK)), chunkKey), stride), 'floats')
      // Head by head the memory would be read in pieces that no prefetcher follows: it is brought near in order first.
      for (const touch of touches) k.call(touch, [chunkAt, floats, scores])
      k.for(0, p.time, (position) => {
        const [first, end] = seenBy(batch, position)
        const from = k.let(v.max(first, v.mul(chunk, CHUNK)), 'from')
        const count = k.let(v.sub(v.min(end, v.mul(v.add(chunk, 1), CHUNK)), from), 'count')
        k.if(v.gt(count, 0), () =>
          k.for(0, p.kvHeads, (kvHead) => {
            const token = v.add(v.mul(batch, p.time), position)
            const row = k.let(v.add(v.mul(token, p.heads), v.mul(kvHead, p.group)), 'row')
            const at = v.mul(v.add(v.mul(v.add(v.mul(batch, p.keys), from), p.kvHeads), kvHead), p.channels)
            const task = { row, keyAt: k.let(at, 'at'), stride, count, scores, scale, rowApart }
            tiles.run({ ...task, rows: p.group, result: k.let(recordAt(row, chunk), 'result') })
          }),
        )
      })
    })
  },
}

const join: KernelSource<AttentionAttributes> = {
  applies: hasFewQueries,
  params,
  workspace,
  work: (launch) => {
    const { batch, time, heads, channels, chunks } = extentsOf(launch)
    return batch * time * heads * channels * chunks
  },
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
                sum.set(v.fma(factor, v.load(scratch, v.add(v.add(result, c), v.i32(HEAD)), 4), sum.get()))
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
