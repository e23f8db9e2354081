import type { KernelLaunch, KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import {
  type AttentionAttributes,
  attentionParams,
  attentionWorkspace,
  BLOCKS,
  declareAttentionParams,
  forEachTask,
  KEYS,
  ROWS,
  scratchLayout,
} from './attention-launch.js'
import { scoreProduct, sumOverKeys } from './block-products.js'
import { blockSoftmax } from './block-softmax.js'
import { CHANGED, DECAY, EARLIEST, keysTable, MAXIMUM, OFFSET, RECORD, rowsTable, TOTAL } from './block-tables.js'
import fewQueries, { hasFewQueries } from './few-queries.wasm.js'
import { clearFloats, packAcross, packLines, packTiles, storeLines } from './pack-rows.js'
import { forEachRowBlock, forEachSeenKeyBlock, ifTheyMeet, type RowBlock } from './row-blocks.js'
import { TILE_COLUMNS, TILE_ROWS } from './tile-kernels.js'

const NOTHING = Number.NEGATIVE_INFINITY

const layout = scratchLayout({
  records: { floats: BLOCKS.rows * RECORD },
  keyTable: { floats: KEYS },
  scores: { floats: KEYS * ROWS },
  /** Queries packed across, [block][tile][D][8]. */
  queries: { channels: BLOCKS.rows * ROWS },
  /** [block][D / 8][ROWS][8]. */
  sums: { channels: BLOCKS.rows * ROWS },
  /** Keys packed across, [tile][D][6]. */
  keys: { channels: KEYS },
  /** [D / 8][KEYS][8]. */
  values: { channels: KEYS },
})

const int = (name: string) => ({ name, type: 'i32' }) as const

/**
 * Flash attention forward (Dao 2023, arXiv 2307.08691, algorithm 1): a task takes a few blocks of query rows along the keys
 * they see, with a running maximum and sum for each row. A block of keys and values is packed once for all of them.
 */
const source: KernelSource<AttentionAttributes> = {
  params: (launch) => attentionParams(launch, 'rows', layout),
  workspace: (launch, workers) => attentionWorkspace(launch, 'rows', layout, workers),
  build(k) {
    const read = (name: string) => k.buffer(name, 'float32', 'read')
    const [q, keys, values] = [read('q'), read('k'), read('v')]
    const starts = k.buffer('starts', 'int32', 'read')
    const firsts = k.buffer('firsts', 'int32', 'read')
    const [y, lse] = [k.buffer('y', 'float32', 'write'), k.buffer('lse', 'float32', 'write')]
    const workspace = k.buffer('scratch', 'uint8', 'readwrite')
    const buffers = { scratch: k.reinterpret(workspace, 'float32'), integers: k.reinterpret(workspace, 'int32') }
    const { scratch, integers } = buffers
    const p = declareAttentionParams(k)

    const fillRows = rowsTable(k, p, buffers, { starts, firsts }, () => [v.f32(NOTHING), v.f32(0)])
    const fillKeys = keysTable(k, p, buffers, KEYS)
    const packQueries = packAcross(k, p, buffers, q, TILE_COLUMNS, true)
    const packKeys = packAcross(k, p, buffers, keys, TILE_ROWS)
    const packValues = packLines(k, p, buffers, values, KEYS)
    const clear = clearFloats(k, buffers)
    const score = scoreProduct(k, p, scratch, 'zero')
    const [softmax, maskedSoftmax] = [blockSoftmax(k, p, buffers, false), blockSoftmax(k, p, buffers, true)]
    const addValues = sumOverKeys(k, p, scratch, KEYS)
    const storeSums = storeLines(k, p, buffers, y, { lines: ROWS, factor: 'of each row' })

    const scaleSums = k.func('scaleSums', [int('sums'), int('decays')], (sums, decays) => {
      k.for(
        0,
        p.padded,
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
    const finish = k.func('finish', [int('record'), int('rows')], (record, rows) => {
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
      k.for(0, rows as v.Value, (i) => {
        const at = v.div(k.load(integers, word(OFFSET, i)), p.channels)
        k.store(lse, at, k.load(scratch, word(TOTAL, i)))
      })
      return undefined
    })

    forEachTask(k, p, layout, 'rows', ({ batch, kvHead, part, places: s }) => {
      const start = k.let(k.load(starts, batch), 'start')
      const blockSize = k.let(v.mul(p.padded, ROWS), 'blockSize')
      const scale = k.let(v.mul(p.scale, Math.LOG2E), 'scale')
      const task = { part, records: s.records }
      const at = (place: v.Value, { index }: RowBlock): v.Value => k.let(v.add(place, v.mul(index, blockSize)))

      const earliest = k.variable(p.keys, 'earliest')
      forEachRowBlock(k, p, task, (block) => {
        const { row0, rows, record } = block
        k.call(fillRows, [batch, kvHead, row0, record])
        earliest.set(v.min(earliest.get(), k.load(integers, v.add(record, EARLIEST))))
        packTiles(k, p, packQueries, { table: v.add(record, OFFSET), rows, to: at(s.queries, block), factor: scale })
        k.call(clear, [at(s.sums, block), blockSize])
      })

      forEachSeenKeyBlock(k, p, { part, start, earliest: earliest.get() }, ({ key0, count }) => {
        k.call(fillKeys, [batch, kvHead, key0, count, s.keyTable])
        packTiles(k, p, packKeys, { table: s.keyTable, rows: count, to: s.keys })
        k.call(packValues, [s.keyTable, count, s.values])
        forEachRowBlock(k, p, task, (block) =>
          ifTheyMeet(k, p, integers, block, { key0, count, start }, ({ rows, diagonal }, allSeen) => {
            const { record } = block
            const sums = at(s.sums, block)
            k.call(score, [s.keys, at(s.queries, block), s.scores, 0, rows, count, diagonal])
            const args = [s.scores, record, rows, count, diagonal, key0]
            k.if(
              allSeen,
              () => k.call(softmax, args),
              () => k.call(maskedSoftmax, args),
            )
            const changed = k.load(integers, v.add(record, CHANGED))
            k.if(v.ne(changed, 0), () => k.call(scaleSums, [sums, v.add(record, DECAY)]))
            k.call(addValues, [s.scores, s.values, sums, rows, count, diagonal])
          }),
        )
      })

      forEachRowBlock(k, p, task, (block) => {
        const { record, rows } = block
        k.call(finish, [record, rows])
        k.call(storeSums, [v.add(record, OFFSET), rows, at(s.sums, block), v.add(record, DECAY)])
      })
    })
  },
}

export default [
  { ...source, applies: (launch: KernelLaunch<AttentionAttributes>) => !hasFewQueries(launch) },
  ...fewQueries,
]
