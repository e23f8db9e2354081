import type { KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import type { FlashAttributes } from '../flash-attention.js'
import { blockGradients } from './block-gradients.js'
import { scoreProduct, sumOverKeys, sumOverRows } from './block-products.js'
import { EARLIEST, FARTHEST, keysTable, type Meeting, NUMBER, RECORD, rowsTable } from './block-records.js'
import { blockScores } from './block-scores.js'
import {
  BLOCKS,
  type FlashLaunch,
  flashCut,
  flashExtents,
  hasManyHeads,
  KEYS,
  ROWS,
  type ScratchLayout,
  scratchLayout,
} from './flash-launch.js'
import { biasParams, declareParams, variantOf } from './forward-buffers.js'
import { clearFloats, packAcross, packLines, packTiles, type Rows, storeLines } from './pack-rows.js'
import { forEachRowBlock, forEachSeenKeyBlock, ifTheyMeet, type RowBlock } from './row-blocks.js'
import { forEachTask, type Sequence } from './sequence-tasks.js'
import { TILE_COLUMNS, TILE_ROWS } from './tile-kernels.js'

/*
 * Flash attention backward (Dao 2023, arXiv 2307.08691, algorithm 2). With w = e^(score - lse) and g = w (dy . v - delta),
 * which are computed again a block at a time and never stored whole:
 * dq = scale sum_s g k, dk = scale sum_t g q, dv = sum_t w dy.
 * Where there are heads enough for all workers, one takes a kv head as a whole and computes w and g once. Elsewhere dq and
 * the other two come in passes of their own, so that no worker adds to another's rows.
 */

type Source = KernelSource<FlashAttributes>
type Signature = Parameters<Source['build']>[1]

/** Where `sequences` stands among the inputs. */
const SEQUENCES = 6
const NOTHING = Number.NEGATIVE_INFINITY

/** The buffers in their order. */
function declareBuffers(k: v.KernelBuilder, biased: boolean) {
  const read = (name: string) => k.buffer(name, 'float32', 'read')
  const [q, key, value, lse, delta, dy] = [read('q'), read('k'), read('v'), read('lse'), read('delta'), read('dy')]
  const [sequences, ranges] = [k.buffer('sequences', 'int32', 'read'), k.buffer('ranges', 'int32', 'read')]
  const bias = biased ? read('bias') : null
  const write = (name: string) => k.buffer(name, 'float32', 'readwrite')
  const [dq, dk, dv] = [write('dq'), write('dk'), write('dv')]
  return { q, key, value, lse, delta, dy, sequences, ranges, bias, dq, dk, dv }
}

/** What both passes do to a block of rows and one of keys. */
function declare(k: v.KernelBuilder, biased: boolean, { variant }: Signature) {
  const declared = declareBuffers(k, biased)
  const { q, key, value, lse, delta, dy, sequences, ranges, bias, dq, dk, dv } = declared
  const workspace = k.buffer('scratch', 'uint8', 'readwrite')
  const buffers = { scratch: k.reinterpret(workspace, 'float32'), integers: k.reinterpret(workspace, 'int32') }
  const p = declareParams(k, biased)
  const ofKeys = (buffer: v.BufferRef): Rows => ({ buffer, channels: p.channels, stride: p.channels })
  const ofValues = (buffer: v.BufferRef): Rows => ({ buffer, channels: p.valueChannels, stride: p.valueChannels })
  const fillRows = rowsTable(k, p, buffers, ranges, (_, row) => {
    const own = k.let(k.load(lse, row), 'lse')
    // What sees nothing, or nothing that its bias does not hide, has weights of zero.
    return [v.select(v.eq(own, NOTHING), own, v.mul(own, -Math.LOG2E)), v.neg(k.load(delta, row))]
  })
  const form = blockScores(k, p, buffers, { capped: variant === 'capped', bias }, true)
  const start = form ? 'zero' : 'row'
  const products = {
    scores: scoreProduct(k, p, buffers.scratch, { channels: p.channels, start }),
    changes: scoreProduct(k, p, buffers.scratch, { channels: p.valueChannels, start: 'row' }),
  }
  const [all, masked] = [blockGradients(k, p, buffers, false), blockGradients(k, p, buffers, true)]

  /** Weights to `scores` and gradients of scores to `changes`. */
  const gradients = (
    { rows, count, diagonal }: Meeting,
    { key0, record, allSeen }: Record<'key0' | 'record' | 'allSeen', v.Value>,
    s: Record<'scores' | 'changes' | 'keys' | 'values' | 'queries' | 'cotangents', v.Value>,
  ): void => {
    k.call(products.scores, [s.keys, s.queries, s.scores, record, rows, count, diagonal])
    k.call(products.changes, [s.values, s.cotangents, s.changes, v.add(record, ROWS), rows, count, diagonal])
    if (form) k.call(form, [s.scores, s.changes, record, rows, count, key0])
    const args = [s.scores, s.changes, record, rows, count, diagonal, key0]
    k.if(
      allSeen,
      () => k.call(all, args),
      () => k.call(masked, args),
    )
  }
  return {
    ...{ sequences, buffers, p, fillRows, gradients },
    rows: { queries: ofKeys(q), cotangents: ofValues(dy), dq: ofKeys(dq), dk: ofKeys(dk), dv: ofValues(dv) },
    fillKeys: keysTable(k, p, buffers, sequences, KEYS),
    clear: clearFloats(k, buffers),
    scale: k.let(v.mul(p.scale, Math.LOG2E), 'scale'),
    across: {
      keys: packAcross(k, buffers, ofKeys(key), TILE_ROWS),
      values: packAcross(k, buffers, ofValues(value), TILE_ROWS),
      queries: packAcross(k, buffers, ofKeys(q), TILE_COLUMNS, true),
      cotangents: packAcross(k, buffers, ofValues(dy), TILE_COLUMNS),
    },
    keyLines: packLines(k, buffers, ofKeys(key), KEYS),
  }
}

/** What launches of a pass have in common. */
function passOf(of: 'rows' | 'keys' | 'head', layout: ScratchLayout, biased: boolean) {
  const cut = flashCut(of, layout, SEQUENCES)
  return {
    variant: variantOf,
    params: (launch: FlashLaunch) => [...cut.params(launch), ...(biased ? biasParams(launch, SEQUENCES + 2) : [])],
    workspace: cut.workspace,
  }
}

const manyHeads = (launch: FlashLaunch): boolean => hasManyHeads(flashExtents(launch, SEQUENCES))

const queryLayout = scratchLayout({
  records: { floats: BLOCKS.rows * RECORD },
  keyTable: { floats: KEYS },
  scores: { floats: KEYS * ROWS },
  changes: { floats: KEYS * ROWS },
  queries: { channels: BLOCKS.rows * ROWS },
  cotangents: { values: BLOCKS.rows * ROWS },
  dq: { channels: BLOCKS.rows * ROWS },
  keys: { channels: KEYS },
  values: { values: KEYS },
  keyLines: { channels: KEYS },
})

/** dq of a few blocks of rows, along the keys they see. */
const queryPass = (biased: boolean): Source => ({
  ...passOf('rows', queryLayout, biased),
  applies: (launch) => !manyHeads(launch),
  build(k, signature) {
    const d = declare(k, biased, signature)
    const { sequences, buffers, p, fillRows, fillKeys, gradients, clear, scale, across, keyLines } = d
    const { scratch, integers } = buffers
    const addKeys = sumOverKeys(k, p, scratch, { keysPerPanel: KEYS, padded: p.padded })
    const storeSums = storeLines(k, buffers, d.rows.dq, { lines: ROWS, factor: 'one' })
    forEachTask(k, p, queryLayout, { of: 'rows', sequences }, (one) => {
      const { row, query0, rows: all, keys, kvHead, part, scratch: s } = one
      const [keyWidth, valueWidth] = [
        k.let(v.mul(p.padded, ROWS), 'keyWidth'),
        k.let(v.mul(p.valuePadded, ROWS), 'valueWidth'),
      ]
      const task = { part, rows: all, records: s.records }
      const queriesOf = ({ index }: RowBlock): v.Value => k.let(v.add(s.queries, v.mul(index, keyWidth)))
      const cotangentsOf = ({ index }: RowBlock): v.Value => k.let(v.add(s.cotangents, v.mul(index, valueWidth)))
      const sumsOf = ({ index }: RowBlock): v.Value => k.let(v.add(s.dq, v.mul(index, keyWidth)))
      const earliest = k.variable(v.i32(2 ** 30), 'earliest')
      const farthest = k.variable(v.i32(-1), 'farthest')
      forEachRowBlock(k, p, task, (block) => {
        const { row0, rows, record } = block
        k.call(fillRows, [kvHead, query0, keys, row0, rows, record])
        earliest.set(v.min(earliest.get(), k.load(integers, v.add(record, EARLIEST))))
        farthest.set(v.max(farthest.get(), k.load(integers, v.add(record, FARTHEST))))
        const table = k.let(v.add(record, NUMBER))
        packTiles(k, across.queries, { table, rows, to: queriesOf(block), factor: scale })
        packTiles(k, across.cotangents, { table, rows, to: cotangentsOf(block) })
        k.call(clear, [sumsOf(block), keyWidth])
      })
      forEachSeenKeyBlock(k, p, { earliest: earliest.get(), farthest: farthest.get() }, ({ key0, count }) => {
        k.call(fillKeys, [row, kvHead, key0, count, s.keyTable])
        packTiles(k, across.keys, { table: s.keyTable, rows: count, to: s.keys })
        packTiles(k, across.values, { table: s.keyTable, rows: count, to: s.values })
        k.call(keyLines, [s.keyTable, count, s.keyLines])
        forEachRowBlock(k, p, task, (block) =>
          ifTheyMeet(k, p, integers, block, { key0, count }, (meeting, allSeen) => {
            const own = { queries: queriesOf(block), cotangents: cotangentsOf(block) }
            gradients(meeting, { key0, record: block.record, allSeen }, { ...s, ...own })
            k.call(addKeys, [s.changes, s.keyLines, sumsOf(block), meeting.rows, count, meeting.diagonal])
          }),
        )
      })
      forEachRowBlock(k, p, task, (block) =>
        k.call(storeSums, [v.add(block.record, NUMBER), block.rows, sumsOf(block), p.scale]),
      )
    })
  },
})

const keyLayout = scratchLayout({
  record: { floats: RECORD },
  keyTable: { floats: BLOCKS.keys * KEYS },
  scores: { floats: KEYS * ROWS },
  changes: { floats: KEYS * ROWS },
  queries: { channels: ROWS },
  cotangents: { values: ROWS },
  queryLines: { channels: ROWS },
  cotangentLines: { values: ROWS },
  dq: { channels: ROWS },
  keys: { channels: BLOCKS.keys * KEYS },
  values: { values: BLOCKS.keys * KEYS },
  keyLines: { channels: BLOCKS.keys * KEYS },
  dk: { channels: BLOCKS.keys * KEYS },
  dv: { values: BLOCKS.keys * KEYS },
})

type KeyBlockPlaces = Record<'key0' | 'count' | 'table' | 'keys' | 'values' | 'keyLines' | 'dk' | 'dv', v.Value>

/** dk and dv of a few blocks of keys, along the rows that see them; or of all keys of a head one after the other, and dq. */
const keyPass = (of: 'keys' | 'head', biased: boolean): Source => ({
  ...passOf(of, keyLayout, biased),
  applies: (launch) => manyHeads(launch) === (of === 'head'),
  build(k, signature) {
    const d = declare(k, biased, signature)
    const { sequences, buffers, p, rows, fillRows, fillKeys, gradients, clear, scale, across, keyLines } = d
    const { scratch, integers } = buffers
    const queryLines = packLines(k, buffers, rows.queries, ROWS)
    const cotangentLines = packLines(k, buffers, rows.cotangents, ROWS)
    const addQueries = sumOverRows(k, p, scratch, { keysPerPanel: KEYS, padded: p.padded })
    const addCotangents = sumOverRows(k, p, scratch, { keysPerPanel: KEYS, padded: p.valuePadded })
    const addKeys = of === 'head' ? sumOverKeys(k, p, scratch, { keysPerPanel: KEYS, padded: p.padded }) : null
    const addQueryGradients = storeLines(k, buffers, rows.dq, { lines: ROWS, factor: 'one', adds: true })
    const storeKeys = storeLines(k, buffers, rows.dk, { lines: KEYS, factor: 'one' })
    const storeValues = storeLines(k, buffers, rows.dv, { lines: KEYS, factor: 'one' })
    const clearQueryGradients = (kvHead: v.Value, { query0, rows: all }: Sequence): void => {
      const width = k.let(v.mul(p.group, p.channels), 'width')
      k.for(0, v.div(all, p.group), (t) => {
        const from = k.let(v.mul(v.add(v.mul(v.add(query0, t), p.kvHeads), kvHead), width))
        k.forVector(from, v.add(from, width), (i, lanes) => k.store(rows.dq.buffer, i, v.splat(v.f32(0), lanes)))
      })
    }

    forEachTask(k, p, keyLayout, { of, sequences }, (task) => {
      const { row, query0, rows: all, keys, kvHead, part, scratch: s } = task
      const [keyWidth, valueWidth] = [
        k.let(v.mul(p.padded, KEYS), 'keyWidth'),
        k.let(v.mul(p.valuePadded, KEYS), 'valueWidth'),
      ]
      const taskKeys = k.let(v.mul(p.perTask, KEYS), 'taskKeys')
      if (of === 'head') clearQueryGradients(kvHead, task)

      const keysFrom = (from: v.Value): void => {
        const end = k.let(v.min(keys, v.add(from, taskKeys)), 'end')
        const forEachKeyBlock = (body: (block: KeyBlockPlaces) => void): void =>
          k.for(
            from,
            end,
            (key0) => {
              const index = k.let(v.div(v.sub(key0, from), v.i32(KEYS)))
              const [byKeys, byValues] = [k.let(v.mul(index, keyWidth)), k.let(v.mul(index, valueWidth))]
              const at = (place: v.Value, offset: v.Value): v.Value => k.let(v.add(place, offset))
              body({
                key0,
                count: k.let(v.min(v.sub(end, key0), KEYS), 'count'),
                table: k.let(v.add(s.keyTable, v.mul(index, KEYS))),
                ...{ keys: at(s.keys, byKeys), keyLines: at(s.keyLines, byKeys), dk: at(s.dk, byKeys) },
                ...{ values: at(s.values, byValues), dv: at(s.dv, byValues) },
              })
            },
            KEYS,
          )
        forEachKeyBlock((block) => {
          const { key0, count, table } = block
          k.call(fillKeys, [row, kvHead, key0, count, table])
          packTiles(k, across.keys, { table, rows: count, to: block.keys })
          packTiles(k, across.values, { table, rows: count, to: block.values })
          if (addKeys) k.call(keyLines, [table, count, block.keyLines])
          k.call(clear, [block.dk, keyWidth])
          k.call(clear, [block.dv, valueWidth])
        })

        k.for(
          0,
          all,
          (row0) => {
            const { record } = s
            const count = k.let(v.min(v.sub(all, row0), ROWS), 'rows')
            k.call(fillRows, [kvHead, query0, keys, row0, count, record])
            const of = (what: number): v.Value => k.load(integers, v.add(record, what))
            const reaches = v.or(v.lt(of(EARLIEST), end), v.lt(from, p.sinks))
            k.if(v.and(reaches, v.ge(of(FARTHEST), from)), () => {
              const table = k.let(v.add(record, NUMBER))
              packTiles(k, across.queries, { table, rows: count, to: s.queries, factor: scale })
              packTiles(k, across.cotangents, { table, rows: count, to: s.cotangents })
              k.call(queryLines, [table, count, s.queryLines])
              k.call(cotangentLines, [table, count, s.cotangentLines])
              if (addKeys) k.call(clear, [s.dq, v.mul(p.padded, ROWS)])
              forEachKeyBlock((block) =>
                ifTheyMeet(k, p, integers, { rows: count, record }, block, (meeting, allSeen) => {
                  gradients(meeting, { key0: block.key0, record, allSeen }, { ...s, ...block })
                  const sizes = [count, block.count, meeting.diagonal]
                  k.call(addCotangents, [s.scores, s.cotangentLines, block.dv, ...sizes])
                  k.call(addQueries, [s.changes, s.queryLines, block.dk, ...sizes])
                  if (addKeys) k.call(addKeys, [s.changes, block.keyLines, s.dq, ...sizes])
                }),
              )
              if (addKeys) k.call(addQueryGradients, [table, count, s.dq, p.scale])
            })
          },
          ROWS,
        )
        forEachKeyBlock(({ count, table, dk: keySums, dv: valueSums }) => {
          k.call(storeKeys, [table, count, keySums, p.scale])
          k.call(storeValues, [table, count, valueSums, v.f32(1)])
        })
      }
      if (of === 'head') k.for(0, keys, keysFrom, taskKeys)
      else keysFrom(k.let(v.mul(part, taskKeys)))
    })
  },
})

/** Zeros for all queries and places, where some may be of no sequence: the others are written over. */
const clearAll = (biased: boolean): Source => ({
  applies: ({ attributes }) => attributes.layout !== 'dense',
  params(launch) {
    const { queries, heads, channels, places, kvHeads, valueStride } = flashExtents(launch, SEQUENCES)
    return [queries * heads * channels, places * kvHeads * channels, places * kvHeads * valueStride]
  },
  build(k) {
    const { dq, dk, dv } = declareBuffers(k, biased)
    const [queries, keys, values] = [k.param('queries'), k.param('keys'), k.param('values')]
    k.parallelRange(v.max(queries, v.max(keys, values)), 4096, (begin, end) => {
      for (const [buffer, size] of [
        [dq, queries],
        [dk, keys],
        [dv, values],
      ] as const) {
        k.forVector(begin, v.min(end, size), (i, lanes) => k.store(buffer, i, v.splat(v.f32(0), lanes)))
      }
    })
  },
})

/** The launches of a backward op. */
export const flashBackward = (biased: boolean): Source[] => [
  clearAll(biased),
  keyPass('head', biased),
  queryPass(biased),
  keyPass('keys', biased),
]
