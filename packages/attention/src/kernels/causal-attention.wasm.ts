import type { KernelLaunch, KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import {
  type AttentionAttributes,
  attentionParams,
  attentionWorkspace,
  clearRows,
  declareAttentionParams,
  forEachBlock,
  packColumn,
  rowAt,
  storeRow,
} from './attention-launch.js'
import fewQueries, { hasFewQueries } from './few-queries.wasm.js'
import { DEPTH, declareSumRows, PANEL, scoreTile } from './tile-kernels.js'

const [MAXIMUM, TOTAL, DECAY, LAST_KEY, FIRST_KEY] = [0, 1, 2, 3, 4]
const NOTHING = Number.NEGATIVE_INFINITY

/**
 * Flash attention forward (Dao 2023, arXiv 2307.08691, algorithm 1): eight query rows against 64 keys at a time, with a
 * running maximum and sum for each row. Scores lie transposed, [key][row], so that softmax runs over lanes of rows and
 * needs no sums across lanes. The rows of all query heads that share a kv head form one list: row r is the query at
 * position r / G of head r % G of the group.
 */
const source: KernelSource<AttentionAttributes> = {
  params: (launch) => attentionParams(launch, 'queries'),
  workspace: (launch) => attentionWorkspace(launch, 'queries'),
  build(k) {
    const [q, keys, values] = [
      k.buffer('q', 'float32', 'read'),
      k.buffer('k', 'float32', 'read'),
      k.buffer('v', 'float32', 'read'),
    ]
    const starts = k.buffer('starts', 'int32', 'read')
    const firsts = k.buffer('firsts', 'int32', 'read')
    const [y, lse] = [k.buffer('y', 'float32', 'write'), k.buffer('lse', 'float32', 'write')]
    const workspace = k.buffer('scratch', 'uint8', 'readwrite')
    const scratch = k.reinterpret(workspace, 'float32')
    const integers = k.reinterpret(workspace, 'int32')
    const p = declareAttentionParams(k)
    const score = scoreTile(k, 'score', keys, scratch)
    const addValues = declareSumRows(k, 'values', values, scratch, true)
    const softmax = softmaxOfBlock(k, scratch, integers)

    forEachBlock(k, p, (batch, kvHead, block, s) => {
      const start = k.let(k.load(starts, batch), 'start')
      const row0 = k.let(v.mul(block, PANEL), 'row0')
      const [maximum, total] = [s.vector(MAXIMUM), s.vector(TOTAL)]
      const [lastKey, firstKey] = [s.vector(LAST_KEY), s.vector(FIRST_KEY)]
      const firstSeen = k.variable(p.keys, 'firstSeen')
      const place = (row: v.Value, length: v.Value, heads: v.Value): v.Value => {
        const position = k.let(v.div(row, p.group))
        const head = v.add(v.mul(kvHead, p.group), v.sub(row, v.mul(position, p.group)))
        return rowAt(k, p, [batch, position, head], length, heads)
      }
      k.for(0, PANEL, (column) => {
        const row = k.let(v.add(row0, column))
        k.store(scratch, v.add(maximum, column), v.f32(NOTHING))
        k.store(scratch, v.add(total, column), v.f32(0))
        k.if(
          v.lt(row, p.rows),
          () => {
            packColumn(k, p, scratch, s.panel, column, { x: q, from: place(row, p.time, p.heads), factor: p.scale })
            const position = k.let(v.div(row, p.group))
            const first = k.let(v.max(k.load(firsts, v.add(v.mul(batch, p.time), position)), 0))
            k.store(integers, v.add(lastKey, column), v.add(start, position))
            k.store(integers, v.add(firstKey, column), first)
            firstSeen.set(v.min(firstSeen.get(), first))
          },
          () => {
            packColumn(k, p, scratch, s.panel, column, null)
            k.store(integers, v.add(lastKey, column), v.i32(-1))
            k.store(integers, v.add(firstKey, column), v.i32(0))
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
              const from = v.add(base, v.mul(i, stride))
              k.call(score, [from, stride, v.sub(depth, i), s.panel, p.channels, v.add(s.scores, v.mul(i, PANEL))])
            },
            4,
          )
          k.call(softmax, [s.scores, depth, key0, maximum])
          const weights = { weights: s.scores, depth, out: s.sum, channels: p.channels, decay: s.vector(DECAY) }
          addValues({ ...weights, base, stride })
        },
        DEPTH,
      )

      k.for(0, v.min(v.i32(PANEL), v.sub(p.rows, row0)), (column) => {
        const to = place(k.let(v.add(row0, column)), p.time, p.heads)
        const sum = k.let(k.load(scratch, v.add(total, column)))
        const empty = v.eq(sum, 0)
        storeRow(k, p, scratch, s.sum, column, y, to, v.select(empty, 0, v.div(v.f32(1), sum)))
        const largest = k.load(scratch, v.add(maximum, column))
        k.store(lse, v.div(to, p.channels), v.select(empty, NOTHING, v.add(largest, v.log(sum))))
      })
    })
  },
}

/**
 * Turns a block of scores into weights e^(score - maximum), in place: (scores, depth, first key, vectors). The running
 * maximum and sum of each row are updated; `decay` gets the factor for what was summed under the old maximum.
 */
function softmaxOfBlock(k: v.KernelBuilder, scratch: v.BufferRef, integers: v.BufferRef): v.KernelFunction {
  const int = (name: string) => ({ name, type: 'i32' }) as const
  return k.func(
    'softmax',
    [int('scores'), int('depth'), int('key0'), int('vectors')],
    (scores, depth, key0, vectors) => {
      const end = k.let(v.add(scores as v.Value, v.mul(depth as v.Value, PANEL)))
      for (const half of [0, 4]) {
        const place = (i: number): v.Value => v.add(vectors as v.Value, i * PANEL + half)
        const lastKey = k.let(v.load(integers, place(LAST_KEY), 4))
        const firstKey = k.let(v.load(integers, place(FIRST_KEY), 4))
        const before = k.let(v.load(scratch, place(MAXIMUM), 4))
        const maximum = k.variable(before, 'maximum')
        const key = k.variable(key0 as v.Value, 'key')
        k.for(
          scores as v.Value,
          end,
          (at) => {
            const at4 = k.let(v.splat(key.get(), 4))
            const isSeen = v.and(v.le(at4, lastKey), v.ge(at4, firstKey))
            const score = k.let(v.select(isSeen, v.load(scratch, v.add(at, half), 4), NOTHING))
            k.store(scratch, v.add(at, half), score)
            maximum.set(v.max(maximum.get(), score))
            key.set(v.add(key.get(), 1))
          },
          PANEL,
        )
        // A row that sees nothing yet has no maximum; any finite number keeps its weights at zero.
        const safe = k.let(v.select(v.eq(maximum.get(), NOTHING), 0, maximum.get()))
        const decay = k.let(v.exp(v.sub(before, safe)))
        const total = k.variable(v.mul(v.load(scratch, place(TOTAL), 4), decay), 'total')
        k.for(
          scores as v.Value,
          end,
          (at) => {
            const weight = k.let(v.exp(v.sub(v.load(scratch, v.add(at, half), 4), safe)))
            k.store(scratch, v.add(at, half), weight)
            total.set(v.add(total.get(), weight))
          },
          PANEL,
        )
        k.store(scratch, place(MAXIMUM), maximum.get())
        k.store(scratch, place(TOTAL), total.get())
        k.store(scratch, place(DECAY), decay)
      }
      return undefined
    },
  )
}

export default [
  { ...source, applies: (launch: KernelLaunch<AttentionAttributes>) => !hasFewQueries(launch) },
  ...fewQueries,
]
