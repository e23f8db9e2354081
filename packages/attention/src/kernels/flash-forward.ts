import type { KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import type { FlashAttributes } from '../flash-attention.js'
import { scoreProduct, sumOverKeys } from './block-products.js'
import {
  CHANGED,
  DECAY,
  EARLIEST,
  FARTHEST,
  keysTable,
  MAXIMUM,
  NUMBER,
  RECORD,
  rowsTable,
  TOTAL,
} from './block-records.js'
import { blockScores } from './block-scores.js'
import { blockSoftmax } from './block-softmax.js'
import { clearUnowned } from './clear-unowned.js'
import { fewQueries, hasFewQueries } from './few-queries.js'
import { BLOCKS, flashCut, KEYS, ROWS, scratchLayout } from './flash-launch.js'
import {
  biasParams,
  declareForward,
  declareParams,
  type Extra,
  rowsOf,
  SEQUENCES,
  variantOf,
} from './forward-buffers.js'
import { clearFloats, packAcross, packLines, packTiles, storeLines } from './pack-rows.js'
import { forEachRowBlock, forEachSeenKeyBlock, ifTheyMeet, type RowBlock } from './row-blocks.js'
import { forEachTask } from './sequence-tasks.js'
import { TILE_COLUMNS, TILE_ROWS } from './tile-kernels.js'

const NOTHING = Number.NEGATIVE_INFINITY

const layout = scratchLayout({
  records: { floats: BLOCKS.rows * RECORD },
  keyTable: { floats: KEYS },
  scores: { floats: KEYS * ROWS },
  /** Queries packed across, [block][tile][D][8]. */
  queries: { channels: BLOCKS.rows * ROWS },
  /** [block][Dv / 8][ROWS][8]. */
  sums: { values: BLOCKS.rows * ROWS },
  /** Keys packed across, [tile][D][6]. */
  keys: { channels: KEYS },
  /** [Dv / 8][KEYS][8]. */
  values: { values: KEYS },
})

const cut = flashCut('rows', layout, SEQUENCES)
const int = (name: string) => ({ name, type: 'i32' }) as const

/**
 * Flash attention forward (Dao 2023, arXiv 2307.08691, algorithm 1): a task takes a few blocks of query rows along the keys
 * they see, with a running maximum and sum for each row. A block of keys and values is packed once for all of them.
 */
const overBlocks = (extra: Extra): KernelSource<FlashAttributes> => ({
  applies: (launch) => !hasFewQueries(launch),
  variant: variantOf,
  params: (launch) => [...cut.params(launch), ...(extra === 'bias' ? biasParams(launch, SEQUENCES + 2) : [])],
  workspace: cut.workspace,
  build(k, signature) {
    const declared = declareForward(k, extra, signature)
    const { sequences, ranges, bias, lse, buffers, capped } = declared
    const { scratch, integers } = buffers
    const p = declareParams(k, extra === 'bias')
    const rows = rowsOf(p, declared)

    const fillRows = rowsTable(k, p, buffers, ranges, () => [v.f32(NOTHING), v.f32(0)])
    const fillKeys = keysTable(k, p, buffers, sequences, KEYS)
    const packQueries = packAcross(k, buffers, rows.queries, TILE_COLUMNS, true)
    const packKeys = packAcross(k, buffers, rows.keys, TILE_ROWS)
    const packValues = packLines(k, buffers, rows.values, KEYS)
    const clear = clearFloats(k, buffers)
    const score = scoreProduct(k, p, scratch, { channels: p.channels, start: 'zero' })
    const form = blockScores(k, p, buffers, { capped, bias }, false)
    const [softmax, maskedSoftmax] = [blockSoftmax(k, p, buffers, false), blockSoftmax(k, p, buffers, true)]
    const addValues = sumOverKeys(k, p, scratch, { keysPerPanel: KEYS, padded: p.valuePadded })
    const storeSums = storeLines(k, buffers, rows.results, { lines: ROWS, factor: 'of each row' })

    const scaleSums = k.func('scaleSums', [int('sums'), int('decays')], (sums, decays) => {
      k.for(
        0,
        p.valuePadded,
        (c) => {
          const panel = k.let(v.add(sums as v.Value, v.mul(c, ROWS)))
          k.for(0, ROWS, (i) => {
            const decay = k.let(v.splat(v.load(scratch, v.add(decays as v.Value, i), 1), 4))
            const at = k.let(v.add(panel, v.mul(i, TILE_COLUMNS)))
            for (const half of [0, 4]) {
              const place = v.add(at, half)
              k.store(scratch, place, v.mul(v.load(scratch, place, 4), decay))
            }
          })
        },
        TILE_COLUMNS,
      )
      return undefined
    })

    /** Totals to their inverses, and lse. */
    const finish = k.func('finish', [int('record'), int('rows')], (record, count) => {
      const word = (what: number, i: v.Value): v.Value => v.add(v.add(record as v.Value, i), v.i32(what))
      k.for(
        0,
        ROWS,
        (i) => {
          const total = k.let(v.load(scratch, word(TOTAL, i), 4))
          const empty = k.let(v.eq(total, 0))
          k.store(scratch, word(DECAY, i), v.select(empty, 0, v.div(v.splat(v.f32(1), 4), total)))
          const largest = v.mul(v.load(scratch, word(MAXIMUM, i), 4), Math.LN2)
          k.store(scratch, word(TOTAL, i), v.select(empty, NOTHING, v.add(largest, v.log(total))))
        },
        4,
      )
      k.for(0, count as v.Value, (i) => {
        k.store(lse, k.load(integers, word(NUMBER, i)), k.load(scratch, word(TOTAL, i)))
      })
      return undefined
    })

    forEachTask(
      k,
      p,
      layout,
      { of: 'rows', sequences },
      ({ row, query0, rows: all, keys, kvHead, part, scratch: s }) => {
        const [queryBlock, sumBlock] = [
          k.let(v.mul(p.padded, ROWS), 'queryBlock'),
          k.let(v.mul(p.valuePadded, ROWS), 'sumBlock'),
        ]
        const scale = k.let(v.mul(p.scale, Math.LOG2E), 'scale')
        const task = { part, rows: all, records: s.records }
        const queriesOf = ({ index }: RowBlock): v.Value => k.let(v.add(s.queries, v.mul(index, queryBlock)))
        const sumsOf = ({ index }: RowBlock): v.Value => k.let(v.add(s.sums, v.mul(index, sumBlock)))

        const earliest = k.variable(v.i32(2 ** 30), 'earliest')
        const farthest = k.variable(v.i32(-1), 'farthest')
        forEachRowBlock(k, p, task, (block) => {
          const { row0, rows: count, record } = block
          k.call(fillRows, [kvHead, query0, keys, row0, count, record])
          earliest.set(v.min(earliest.get(), k.load(integers, v.add(record, EARLIEST))))
          farthest.set(v.max(farthest.get(), k.load(integers, v.add(record, FARTHEST))))
          packTiles(k, packQueries, { table: v.add(record, NUMBER), rows: count, to: queriesOf(block), factor: scale })
          k.call(clear, [sumsOf(block), sumBlock])
        })

        forEachSeenKeyBlock(k, p, { earliest: earliest.get(), farthest: farthest.get() }, ({ key0, count }) => {
          k.call(fillKeys, [row, kvHead, key0, count, s.keyTable])
          packTiles(k, packKeys, { table: s.keyTable, rows: count, to: s.keys })
          k.call(packValues, [s.keyTable, count, s.values])
          forEachRowBlock(k, p, task, (block) =>
            ifTheyMeet(k, p, integers, block, { key0, count }, ({ rows: met, diagonal }, allSeen) => {
              const { record } = block
              const sums = sumsOf(block)
              k.call(score, [s.keys, queriesOf(block), s.scores, 0, met, count, diagonal])
              if (form) k.call(form, [s.scores, s.scores, record, met, count, key0])
              const args = [s.scores, record, met, count, diagonal, key0]
              k.if(
                allSeen,
                () => k.call(softmax, args),
                () => k.call(maskedSoftmax, args),
              )
              const changed = k.load(integers, v.add(record, CHANGED))
              k.if(v.ne(changed, 0), () => k.call(scaleSums, [sums, v.add(record, DECAY)]))
              k.call(addValues, [s.scores, s.values, sums, met, count, diagonal])
            }),
          )
        })

        forEachRowBlock(k, p, task, (block) => {
          const { record, rows: count } = block
          k.call(finish, [record, count])
          k.call(storeSums, [v.add(record, NUMBER), count, sumsOf(block), v.add(record, DECAY)])
        })
      },
    )
  },
})

/** The launches of a forward op. */
export const flashForward = (extra: Extra): KernelSource<FlashAttributes>[] => [
  clearUnowned(extra),
  overBlocks(extra),
  ...fewQueries(extra),
]
