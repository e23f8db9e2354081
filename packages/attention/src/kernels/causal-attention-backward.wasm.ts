import type { KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import {
  type AttentionAttributes,
  attentionParams,
  attentionWorkspace,
  type BlocksOf,
  clearRows,
  declareAttentionParams,
  forEachBlock,
  packColumn,
  rowAt,
  storeRow,
} from './attention-launch.js'
import { DEPTH, declareSumRows, PANEL, scoreTile } from './tile-kernels.js'

const [LSE, DELTA, KEY, FIRST] = [0, 1, 2, 3]
const int = (name: string) => ({ name, type: 'i32' }) as const

function declare(k: v.KernelBuilder) {
  const read = (name: string) => k.buffer(name, 'float32', 'read')
  const [q, key, value, lse, delta, dy] = [read('q'), read('k'), read('v'), read('lse'), read('delta'), read('dy')]
  const starts = k.buffer('starts', 'int32', 'read')
  const firsts = k.buffer('firsts', 'int32', 'read')
  const write = (name: string) => k.buffer(name, 'float32', 'write')
  const [dq, dk, dv] = [write('dq'), write('dk'), write('dv')]
  const workspace = k.buffer('scratch', 'uint8', 'readwrite')
  const scratch = k.reinterpret(workspace, 'float32')
  const integers = k.reinterpret(workspace, 'int32')
  return { q, key, value, lse, delta, dy, starts, firsts, dq, dk, dv, scratch, integers, p: declareAttentionParams(k) }
}

const over = (of: BlocksOf, build: KernelSource<AttentionAttributes>['build']): KernelSource<AttentionAttributes> => ({
  params: (launch) => attentionParams(launch, of),
  workspace: (launch) => attentionWorkspace(launch, of),
  build,
})

/**
 * dq = scale sum_s w (dy . v - delta) k with w = e^(score - lse), eight query rows at a time over the keys they see: scores
 * are computed again and never stored whole (Dao 2023, arXiv 2307.08691, algorithm 2, with the two gradients in passes
 * of their own, so that no thread adds to another's rows).
 */
const queryPass = over('queries', (k) => {
  const { q, key, value, lse, delta, dy, starts, firsts, dq, scratch, integers, p } = declare(k)
  const score = scoreTile(k, 'score', key, scratch)
  const weigh = scoreTile(k, 'weigh', value, scratch)
  const addKeys = declareSumRows(k, 'keys', key, scratch, false)
  const gradients = k.func(
    'gradients',
    [int('scores'), int('weighed'), int('depth'), int('key0'), int('vectors')],
    (scores, weighed, depth, key0, vectors) => {
      for (const half of [0, 4]) {
        const vector = (i: number, buffer: v.BufferRef) =>
          k.let(v.load(buffer, v.add(vectors as v.Value, i * PANEL + half), 4))
        const [largest, mean] = [vector(LSE, scratch), vector(DELTA, scratch)]
        const [lastKey, firstKey] = [vector(KEY, integers), vector(FIRST, integers)]
        k.for(0, depth as v.Value, (i) => {
          const offset = k.let(v.mul(i, PANEL))
          const at = k.let(v.add(v.add(scores as v.Value, offset), half))
          const weight = v.exp(v.sub(v.load(scratch, at, 4), largest))
          const change = v.sub(v.load(scratch, v.add(v.add(weighed as v.Value, offset), half), 4), mean)
          const at4 = k.let(v.splat(v.add(key0 as v.Value, i), 4))
          const isSeen = v.and(v.le(at4, lastKey), v.ge(at4, firstKey))
          k.store(scratch, at, v.select(isSeen, v.mul(weight, change), 0))
        })
      }
      return undefined
    },
  )

  forEachBlock(k, p, (batch, kvHead, block, s) => {
    const start = k.let(k.load(starts, batch), 'start')
    const row0 = k.let(v.mul(block, PANEL), 'row0')
    const firstSeen = k.variable(p.keys, 'firstSeen')
    const place = (row: v.Value): v.Value => {
      const position = k.let(v.div(row, p.group))
      const head = v.add(v.mul(kvHead, p.group), v.sub(row, v.mul(position, p.group)))
      return rowAt(k, p, [batch, position, head], p.time, p.heads)
    }
    k.for(0, PANEL, (column) => {
      const row = k.let(v.add(row0, column))
      const store = (i: number, number: v.Value, buffer = scratch) =>
        k.store(buffer, v.add(s.vector(i), column), number)
      k.if(
        v.lt(row, p.rows),
        () => {
          const from = place(row)
          packColumn(k, p, scratch, s.panel, column, { x: q, from, factor: p.scale })
          packColumn(k, p, scratch, s.panel2, column, { x: dy, from })
          const at = k.let(v.div(from, p.channels))
          store(LSE, k.load(lse, at))
          store(DELTA, k.load(delta, at))
          const position = k.let(v.div(row, p.group))
          const first = k.let(v.max(k.load(firsts, v.add(v.mul(batch, p.time), position)), 0))
          store(KEY, v.add(start, position), integers)
          store(FIRST, first, integers)
          firstSeen.set(v.min(firstSeen.get(), first))
        },
        () => {
          packColumn(k, p, scratch, s.panel, column, null)
          packColumn(k, p, scratch, s.panel2, column, null)
          store(LSE, v.f32(0))
          store(DELTA, v.f32(0))
          store(KEY, v.i32(-1), integers)
          store(FIRST, v.i32(0), integers)
        },
      )
    })
    clearRows(k, p, scratch, s.sum)
    const lastRow = v.min(v.add(row0, PANEL - 1), v.sub(p.rows, 1))
    const seen = k.let(v.min(p.keys, v.add(v.add(start, v.div(lastRow, p.group)), 1)), 'seen')
    const stride = k.let(v.mul(p.kvHeads, p.channels), 'stride')
    k.for(
      firstSeen.get(),
      seen,
      (key0) => {
        const depth = k.let(v.min(v.sub(seen, key0), DEPTH), 'depth')
        const base = rowAt(k, p, [batch, key0, kvHead], p.keys, p.kvHeads)
        k.for(
          0,
          depth,
          (i) => {
            const from = k.let(v.add(base, v.mul(i, stride)))
            const left = k.let(v.sub(depth, i))
            const offset = k.let(v.mul(i, PANEL))
            k.call(score, [from, stride, left, s.panel, p.channels, v.add(s.scores, offset)])
            k.call(weigh, [from, stride, left, s.panel2, p.channels, v.add(s.scores2, offset)])
          },
          4,
        )
        k.call(gradients, [s.scores, s.scores2, depth, key0, s.vector(0)])
        addKeys({ weights: s.scores, depth, base, stride, out: s.sum, channels: p.channels })
      },
      DEPTH,
    )
    k.for(0, v.min(v.i32(PANEL), v.sub(p.rows, row0)), (column) => {
      storeRow(k, p, scratch, s.sum, column, dq, place(k.let(v.add(row0, column))), p.scale)
    })
  })
})

/** dv = sum_t w dy and dk = scale sum_t w (dy . v - delta) q, eight keys at a time over the queries that see them. */
const keyPass = over('keys', (k) => {
  const { q, key, value, lse, delta, dy, starts, firsts, dk, dv, scratch, integers, p } = declare(k)
  const score = scoreTile(k, 'score', q, scratch)
  const weigh = scoreTile(k, 'weigh', dy, scratch)
  const addQueries = declareSumRows(k, 'queries', q, scratch, false)
  const addCotangents = declareSumRows(k, 'cotangents', dy, scratch, false)
  const gradients = k.func(
    'gradients',
    [int('scores'), int('weighed'), int('depth'), int('lastKey'), int('query'), int('row'), int('stride'), int('ids')],
    (scores, weighed, depth, lastKey, query, row, stride, ids) => {
      for (const half of [0, 4]) {
        const id = k.let(v.load(integers, v.add(ids as v.Value, half), 4))
        k.for(0, depth as v.Value, (i) => {
          const offset = k.let(v.mul(i, PANEL))
          const at = k.let(v.add(v.add(scores as v.Value, offset), half))
          const at2 = k.let(v.add(v.add(weighed as v.Value, offset), half))
          const statistic = k.let(v.add(row as v.Value, v.mul(i, stride as v.Value)))
          const first = v.splat(k.load(firsts, v.add(query as v.Value, i)), 4)
          const isSeen = v.and(v.le(id, v.splat(v.add(lastKey as v.Value, i), 4)), v.ge(id, first))
          const largest = v.splat(k.load(lse, statistic), 4)
          const weight = k.let(v.select(isSeen, v.exp(v.sub(v.load(scratch, at, 4), largest)), 0))
          k.store(scratch, at, weight)
          const change = v.sub(v.load(scratch, at2, 4), v.splat(k.load(delta, statistic), 4))
          k.store(scratch, at2, v.mul(weight, change))
        })
      }
      return undefined
    },
  )

  forEachBlock(k, p, (batch, kvHead, block, s) => {
    const start = k.let(k.load(starts, batch), 'start')
    const key0 = k.let(v.mul(block, PANEL), 'key0')
    k.for(0, PANEL, (column) => {
      const at = k.let(v.add(key0, column))
      k.store(integers, v.add(s.vector(KEY), column), at)
      k.if(
        v.lt(at, p.keys),
        () => {
          const from = rowAt(k, p, [batch, at, kvHead], p.keys, p.kvHeads)
          packColumn(k, p, scratch, s.panel, column, { x: key, from, factor: p.scale })
          packColumn(k, p, scratch, s.panel2, column, { x: value, from })
        },
        () => {
          packColumn(k, p, scratch, s.panel, column, null)
          packColumn(k, p, scratch, s.panel2, column, null)
        },
      )
    })
    clearRows(k, p, scratch, s.sum)
    clearRows(k, p, scratch, s.sum2)
    const stride = k.let(v.mul(p.heads, p.channels), 'stride')
    const firstQuery = k.let(v.max(v.sub(key0, start), 0), 'firstQuery')
    k.for(0, p.group, (member) => {
      const head = k.let(v.add(v.mul(kvHead, p.group), member))
      k.for(
        firstQuery,
        p.time,
        (t0) => {
          const depth = k.let(v.min(v.sub(p.time, t0), DEPTH), 'depth')
          const query = k.let(v.add(v.mul(batch, p.time), t0), 'query')
          // Queries of documents that begin behind these keys see none of them.
          const earliest = k.variable(p.keys, 'earliest')
          k.for(0, depth, (i) => earliest.set(v.min(earliest.get(), k.load(firsts, v.add(query, i)))))
          k.if(v.lt(earliest.get(), v.add(key0, PANEL)), () => {
            const base = rowAt(k, p, [batch, t0, head], p.time, p.heads)
            k.for(
              0,
              depth,
              (i) => {
                const from = k.let(v.add(base, v.mul(i, stride)))
                const left = k.let(v.sub(depth, i))
                const offset = k.let(v.mul(i, PANEL))
                k.call(score, [from, stride, left, s.panel, p.channels, v.add(s.scores, offset)])
                k.call(weigh, [from, stride, left, s.panel2, p.channels, v.add(s.scores2, offset)])
              },
              4,
            )
            const statistics = v.div(base, p.channels)
            k.call(gradients, [s.scores, s.scores2, depth, v.add(start, t0), query, statistics, p.heads, s.vector(KEY)])
            const rows = { depth, base, stride, channels: p.channels }
            addCotangents({ ...rows, weights: s.scores, out: s.sum2 })
            addQueries({ ...rows, weights: s.scores2, out: s.sum })
          })
        },
        DEPTH,
      )
    })
    k.for(0, v.min(v.i32(PANEL), v.sub(p.keys, key0)), (column) => {
      const to = rowAt(k, p, [batch, k.let(v.add(key0, column)), kvHead], p.keys, p.kvHeads)
      storeRow(k, p, scratch, s.sum, column, dk, to, p.scale)
      storeRow(k, p, scratch, s.sum2, column, dv, to, null)
    })
  })
})

export default [queryPass, keyPass]
