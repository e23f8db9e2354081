import type { KernelLaunch, KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import {
  type AttentionAttributes,
  attentionParams,
  attentionWorkspace,
  BLOCKS,
  declareAttentionParams,
  forEachTask,
  hasManyHeads,
  KEYS,
  ROWS,
  scratchLayout,
} from './attention-launch.js'
import { blockGradients } from './block-gradients.js'
import { scoreProduct, sumOverKeys, sumOverRows } from './block-products.js'
import { EARLIEST, keysTable, type Meeting, OFFSET, RECORD, rowsTable } from './block-tables.js'
import { clearFloats, packAcross, packLines, packTiles, storeLines } from './pack-rows.js'
import { forEachRowBlock, forEachSeenKeyBlock, ifTheyMeet, type RowBlock } from './row-blocks.js'
import { TILE_COLUMNS, TILE_ROWS } from './tile-kernels.js'

/*
 * Flash attention backward (Dao 2023, arXiv 2307.08691, algorithm 2). With w = e^(score - lse) and g = w (dy . v - delta),
 * which are computed again a block at a time and never stored whole:
 * dq = scale sum_s g k, dk = scale sum_t g q, dv = sum_t w dy.
 * Where there are heads enough for all workers, one takes a kv head as a whole and computes w and g once. Elsewhere dq and
 * the other two come in passes of their own, so that no worker adds to another's rows.
 */

/** What both passes do to a block of rows and one of keys. */
function declare(k: v.KernelBuilder) {
  const read = (name: string) => k.buffer(name, 'float32', 'read')
  const [q, key, value, lse, delta, dy] = [read('q'), read('k'), read('v'), read('lse'), read('delta'), read('dy')]
  const starts = k.buffer('starts', 'int32', 'read')
  const firsts = k.buffer('firsts', 'int32', 'read')
  const [dq, dk, dv] = ['dq', 'dk', 'dv'].map((name) => k.buffer(name, 'float32', 'readwrite')) as [
    v.BufferRef,
    v.BufferRef,
    v.BufferRef,
  ]
  const workspace = k.buffer('scratch', 'uint8', 'readwrite')
  const buffers = { scratch: k.reinterpret(workspace, 'float32'), integers: k.reinterpret(workspace, 'int32') }
  const p = declareAttentionParams(k)
  const fillRows = rowsTable(k, p, buffers, { starts, firsts }, (_, at) => [
    v.mul(k.load(lse, at), -Math.LOG2E),
    v.neg(k.load(delta, at)),
  ])
  const product = scoreProduct(k, p, buffers.scratch, 'row')
  const [all, masked] = [blockGradients(k, p, buffers, false), blockGradients(k, p, buffers, true)]

  /** Weights to `scores` and gradients of scores to `changes`. */
  const gradients = (
    { rows, count, diagonal }: Meeting,
    { key0, record, allSeen }: Record<'key0' | 'record' | 'allSeen', v.Value>,
    s: Record<'scores' | 'changes' | 'keys' | 'values' | 'queries' | 'cotangents', v.Value>,
  ): void => {
    k.call(product, [s.keys, s.queries, s.scores, record, rows, count, diagonal])
    k.call(product, [s.values, s.cotangents, s.changes, v.add(record, ROWS), rows, count, diagonal])
    const args = [s.scores, s.changes, record, rows, count, diagonal, key0]
    k.if(
      allSeen,
      () => k.call(all, args),
      () => k.call(masked, args),
    )
  }
  return {
    ...{ q, key, value, dy, starts, dq, dk, dv, buffers, p, fillRows, gradients },
    fillKeys: keysTable(k, p, buffers, KEYS),
    clear: clearFloats(k, buffers),
    scale: k.let(v.mul(p.scale, Math.LOG2E), 'scale'),
    across: {
      keys: packAcross(k, p, buffers, key, TILE_ROWS),
      values: packAcross(k, p, buffers, value, TILE_ROWS),
      queries: packAcross(k, p, buffers, q, TILE_COLUMNS, true),
      cotangents: packAcross(k, p, buffers, dy, TILE_COLUMNS),
    },
    keyLines: packLines(k, p, buffers, key, KEYS),
  }
}

const queryLayout = scratchLayout({
  records: { floats: BLOCKS.rows * RECORD },
  keyTable: { floats: KEYS },
  scores: { floats: KEYS * ROWS },
  changes: { floats: KEYS * ROWS },
  queries: { channels: BLOCKS.rows * ROWS },
  cotangents: { channels: BLOCKS.rows * ROWS },
  dq: { channels: BLOCKS.rows * ROWS },
  keys: { channels: KEYS },
  values: { channels: KEYS },
  keyLines: { channels: KEYS },
})

/** dq of a few blocks of rows, along the keys they see. */
const queryPass: KernelSource<AttentionAttributes> = {
  params: (launch) => attentionParams(launch, 'rows', queryLayout),
  workspace: (launch, workers) => attentionWorkspace(launch, 'rows', queryLayout, workers),
  applies: (launch) => !hasManyHeads(launch),
  build(k) {
    const { starts, dq, buffers, p, fillRows, fillKeys, gradients, clear, scale, across, keyLines } = declare(k)
    const { scratch, integers } = buffers
    const addKeys = sumOverKeys(k, p, scratch, KEYS)
    const storeSums = storeLines(k, p, buffers, dq, { lines: ROWS, factor: 'one' })
    forEachTask(k, p, queryLayout, 'rows', ({ batch, kvHead, part, places: s }) => {
      const start = k.let(k.load(starts, batch), 'start')
      const blockSize = k.let(v.mul(p.padded, ROWS), 'blockSize')
      const task = { part, records: s.records }
      const at = (place: v.Value, { index }: RowBlock): v.Value => k.let(v.add(place, v.mul(index, blockSize)))
      const earliest = k.variable(p.keys, 'earliest')
      forEachRowBlock(k, p, task, (block) => {
        const { row0, rows, record } = block
        k.call(fillRows, [batch, kvHead, row0, record])
        earliest.set(v.min(earliest.get(), k.load(integers, v.add(record, EARLIEST))))
        const table = k.let(v.add(record, OFFSET))
        packTiles(k, p, across.queries, { table, rows, to: at(s.queries, block), factor: scale })
        packTiles(k, p, across.cotangents, { table, rows, to: at(s.cotangents, block) })
        k.call(clear, [at(s.dq, block), blockSize])
      })
      forEachSeenKeyBlock(k, p, { part, start, earliest: earliest.get() }, ({ key0, count }) => {
        k.call(fillKeys, [batch, kvHead, key0, count, s.keyTable])
        packTiles(k, p, across.keys, { table: s.keyTable, rows: count, to: s.keys })
        packTiles(k, p, across.values, { table: s.keyTable, rows: count, to: s.values })
        k.call(keyLines, [s.keyTable, count, s.keyLines])
        forEachRowBlock(k, p, task, (block) =>
          ifTheyMeet(k, p, integers, block, { key0, count, start }, (meeting, allSeen) => {
            const rows = { queries: at(s.queries, block), cotangents: at(s.cotangents, block) }
            gradients(meeting, { key0, record: block.record, allSeen }, { ...s, ...rows })
            k.call(addKeys, [s.changes, s.keyLines, at(s.dq, block), meeting.rows, count, meeting.diagonal])
          }),
        )
      })
      forEachRowBlock(k, p, task, (block) =>
        k.call(storeSums, [v.add(block.record, OFFSET), block.rows, at(s.dq, block), p.scale]),
      )
    })
  },
}

const keyLayout = scratchLayout({
  record: { floats: RECORD },
  keyTable: { floats: BLOCKS.keys * KEYS },
  scores: { floats: KEYS * ROWS },
  changes: { floats: KEYS * ROWS },
  queries: { channels: ROWS },
  cotangents: { channels: ROWS },
  queryLines: { channels: ROWS },
  cotangentLines: { channels: ROWS },
  dq: { channels: ROWS },
  keys: { channels: BLOCKS.keys * KEYS },
  values: { channels: BLOCKS.keys * KEYS },
  keyLines: { channels: BLOCKS.keys * KEYS },
  dk: { channels: BLOCKS.keys * KEYS },
  dv: { channels: BLOCKS.keys * KEYS },
})

/** dk and dv of a few blocks of keys, along the rows that see them; or of all keys of a head one after the other, and dq. */
const keyPass = (of: 'keys' | 'head'): KernelSource<AttentionAttributes> => ({
  params: (launch) => attentionParams(launch, of, keyLayout),
  workspace: (launch, workers) => attentionWorkspace(launch, of, keyLayout, workers),
  applies: (launch: KernelLaunch<AttentionAttributes>) => hasManyHeads(launch) === (of === 'head'),
  build(k) {
    const { q, dy, starts, dq, dk, dv, buffers, p, fillRows, fillKeys, gradients, clear, scale, across, keyLines } =
      declare(k)
    const { scratch, integers } = buffers
    const queryLines = packLines(k, p, buffers, q, ROWS)
    const cotangentLines = packLines(k, p, buffers, dy, ROWS)
    const addRows = sumOverRows(k, p, scratch, KEYS)
    const addKeys = of === 'head' ? sumOverKeys(k, p, scratch, KEYS) : null
    const addQueryGradients = storeLines(k, p, buffers, dq, { lines: ROWS, factor: 'one', adds: true })
    const [storeKeys, storeValues] = [dk, dv].map((y) => storeLines(k, p, buffers, y, { lines: KEYS, factor: 'one' }))
    const int = (name: string) => ({ name, type: 'i32' }) as const
    const clearQueryGradients = k.func('clearQueryGradients', [int('batch'), int('kvHead')], (batch, kvHead) => {
      const head = k.let(v.mul(kvHead as v.Value, p.group))
      const width = k.let(v.mul(p.group, p.channels), 'width')
      k.for(0, p.time, (t) => {
        const token = v.add(v.mul(batch as v.Value, p.time), t)
        const from = k.let(v.mul(v.add(v.mul(token, p.heads), head), p.channels))
        k.forVector(from, v.add(from, width), (i, lanes) => k.store(dq, i, v.splat(v.f32(0), lanes)))
      })
      return undefined
    })

    forEachTask(k, p, keyLayout, of, ({ batch, kvHead, part, places: s }) => {
      const start = k.let(k.load(starts, batch), 'start')
      const blockSize = k.let(v.mul(p.padded, KEYS), 'blockSize')
      const taskKeys = k.let(v.mul(p.perTask, KEYS), 'taskKeys')
      if (of === 'head') k.call(clearQueryGradients, [batch, kvHead])

      const keysFrom = (from: v.Value): void => {
        const end = k.let(v.min(p.keys, v.add(from, taskKeys)), 'end')
        const forEachKeyBlock = (
          body: (
            block: Record<'key0' | 'count' | 'table' | 'keys' | 'values' | 'keyLines' | 'dk' | 'dv', v.Value>,
          ) => void,
        ): void =>
          k.for(
            from,
            end,
            (key0) => {
              const index = k.let(v.div(v.sub(key0, from), v.i32(KEYS)))
              const offset = k.let(v.mul(index, blockSize))
              const at = (place: v.Value): v.Value => k.let(v.add(place, offset))
              body({
                key0,
                count: k.let(v.min(v.sub(end, key0), KEYS), 'count'),
                table: k.let(v.add(s.keyTable, v.mul(index, KEYS))),
                ...{ keys: at(s.keys), values: at(s.values), keyLines: at(s.keyLines), dk: at(s.dk), dv: at(s.dv) },
              })
            },
            KEYS,
          )
        forEachKeyBlock((block) => {
          const { key0, count, table } = block
          k.call(fillKeys, [batch, kvHead, key0, count, table])
          packTiles(k, p, across.keys, { table, rows: count, to: block.keys })
          packTiles(k, p, across.values, { table, rows: count, to: block.values })
          if (addKeys) k.call(keyLines, [table, count, block.keyLines])
          k.call(clear, [block.dk, blockSize])
          k.call(clear, [block.dv, blockSize])
        })

        const firstRow = v.max(v.mul(v.sub(from, start), p.group), 0)
        k.for(
          v.mul(v.div(firstRow, v.i32(ROWS)), ROWS),
          p.rows,
          (row0) => {
            const { record } = s
            const rows = k.let(v.min(v.sub(p.rows, row0), ROWS), 'rows')
            k.call(fillRows, [batch, kvHead, row0, record])
            k.if(v.lt(k.load(integers, v.add(record, EARLIEST)), end), () => {
              const table = k.let(v.add(record, OFFSET))
              packTiles(k, p, across.queries, { table, rows, to: s.queries, factor: scale })
              packTiles(k, p, across.cotangents, { table, rows, to: s.cotangents })
              k.call(queryLines, [table, rows, s.queryLines])
              k.call(cotangentLines, [table, rows, s.cotangentLines])
              if (addKeys) k.call(clear, [s.dq, v.mul(p.padded, ROWS)])
              forEachKeyBlock((block) =>
                ifTheyMeet(k, p, integers, { row0, rows, record }, { ...block, start }, (meeting, allSeen) => {
                  gradients(meeting, { key0: block.key0, record, allSeen }, { ...s, ...block })
                  const sizes = [rows, block.count, meeting.diagonal]
                  k.call(addRows, [s.scores, s.cotangentLines, block.dv, ...sizes])
                  k.call(addRows, [s.changes, s.queryLines, block.dk, ...sizes])
                  if (addKeys) k.call(addKeys, [s.changes, block.keyLines, s.dq, ...sizes])
                }),
              )
              if (addKeys) k.call(addQueryGradients, [table, rows, s.dq, p.scale])
            })
          },
          ROWS,
        )
        forEachKeyBlock(({ count, table, dk: keySums, dv: valueSums }) => {
          k.call(storeKeys as v.KernelFunction, [table, count, keySums, p.scale])
          k.call(storeValues as v.KernelFunction, [table, count, valueSums, v.f32(1)])
        })
      }
      if (of === 'head') k.for(0, p.keys, keysFrom, taskKeys)
      else keysFrom(k.let(v.mul(part, taskKeys)))
    })
  },
})

export default [keyPass('head'), queryPass, keyPass('keys')]
