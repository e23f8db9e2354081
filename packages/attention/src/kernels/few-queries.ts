import type { KernelSource } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import type { FlashAttributes } from '../flash-attention.js'
import { placeOf } from './block-records.js'
import { CHUNK, declareFewQueryTiles, HEAD, SCORES } from './few-query-tiles.js'
import { type FlashLaunch, flashCut, flashExtents, scratchLayout } from './flash-launch.js'
import {
  biasParams,
  declareForward,
  declareParams,
  type Extra,
  rowsOf,
  SEQUENCES,
  variantOf,
} from './forward-buffers.js'
import { readSequence, type Sequence } from './sequence-tasks.js'

/*
 * Attention of few queries over many keys, as in decoding: the keys are cut into chunks, so that every thread has work
 * though there are fewer kv heads than would keep it busy. One kernel leaves maximum, total and weighted sum of each
 * chunk, a second one joins them (Dao et al. 2023, "Flash-Decoding"). A chunk has the keys of all kv heads, which lie side by
 * side: memory is read from end to end. Where chunks begin depends on the size of blocks alone, so that a row's sum does not
 * depend on the batch that it is in; nor on the blocks, where their size divides that of a chunk.
 */

/** Queries of one kv head of a sequence, at all positions and heads of its group, up to which this is the faster way. */
const FEW_ROWS = 8

const NOTHING = Number.NEGATIVE_INFINITY

/**
 * Decided by shapes: a query a sequence, or few rows on average. Not where sequences lie end to end: their places are no bound of
 * a sequence's keys, and room would be made for chunks of all of them.
 */
export function hasFewQueries(launch: FlashLaunch): boolean {
  const { queries, sequences, group, channels, valueChannels } = flashExtents(launch, SEQUENCES)
  const few = queries <= sequences || queries * group <= FEW_ROWS * sequences
  const bounded = launch.attributes.layout !== 'ragged'
  return few && bounded && channels % 4 === 0 && valueChannels % 4 === 0
}

/** Chunks of a block, where it is longer than one; keys of a chunk of whole blocks, where it is not. */
function chunksOf(launch: FlashLaunch) {
  const { blockSize, width } = flashExtents(launch, SEQUENCES)
  const blocks = width - 3
  const pieces = Math.ceil(blockSize / CHUNK)
  const joined = Math.max(1, Math.floor(CHUNK / blockSize))
  return { pieces, span: joined * blockSize, chunks: pieces > 1 ? blocks * pieces : Math.ceil(blocks / joined) }
}

const nothing = scratchLayout({})
const cut = flashCut('rows', nothing, SEQUENCES)

/** Of each row and chunk its result; and every worker's scores of a chunk. */
function workspace(launch: FlashLaunch, workers: number): number {
  const { queries, heads, valueChannels } = flashExtents(launch, SEQUENCES)
  return 4 * heads * (chunksOf(launch).chunks * queries * (valueChannels + HEAD) + workers * SCORES)
}

function params(launch: FlashLaunch, extra: Extra): number[] {
  const { pieces, span, chunks } = chunksOf(launch)
  return [...cut.params(launch), ...(extra === 'bias' ? biasParams(launch, SEQUENCES + 2) : []), pieces, span, chunks]
}

function declare(k: v.KernelBuilder, extra: Extra, signature: Parameters<KernelSource['build']>[1]) {
  const declared = declareForward(k, extra, signature)
  const { ranges, buffers } = declared
  const p = declareParams(k, extra === 'bias')
  const [pieces, span, chunks] = [k.param('pieces'), k.param('span'), k.param('chunks')]
  const record = k.let(v.add(p.valueChannels, HEAD), 'record')
  /** Where the result of a row (of y) for a chunk lies. */
  const recordAt = (row: v.Value, chunk: v.Value): v.Value => v.mul(v.add(v.mul(row, chunks), chunk), record)
  /** The keys that a query sees, sinks apart: [first, end). */
  const seenBy = (query: v.Value, { keys }: Sequence): [first: v.Value, end: v.Value] => [
    k.let(v.max(k.load(ranges, v.mul(query, 2)), 0), 'first'),
    k.let(v.min(k.load(ranges, v.add(v.mul(query, 2), 1)), keys), 'end'),
  ]
  const long = k.let(v.gt(pieces, 1), 'long')
  /** The chunk of a key. */
  const chunkOf = (key: v.Value): v.Value => {
    const block = v.div(key, p.blockSize)
    const piece = v.div(v.sub(key, v.mul(block, p.blockSize)), CHUNK)
    return v.select(long, v.add(v.mul(block, pieces), piece), v.div(key, span))
  }
  /** The keys of a chunk: [begin, end). */
  const keysOf = (chunk: v.Value): [begin: v.Value, end: v.Value] => {
    const block = k.let(v.div(chunk, pieces))
    const from = v.add(v.mul(block, p.blockSize), v.mul(v.sub(chunk, v.mul(block, pieces)), CHUNK))
    const begin = k.let(v.select(long, from, v.mul(chunk, span)), 'begin')
    const blockEnd = v.mul(v.add(block, 1), p.blockSize)
    return [begin, k.let(v.select(long, v.min(v.add(begin, CHUNK), blockEnd), v.add(begin, span)), 'end')]
  }
  return { ...declared, scratch: buffers.scratch, p, chunks, record, recordAt, seenBy, chunkOf, keysOf }
}

const overChunks = (extra: Extra): KernelSource<FlashAttributes> => ({
  applies: hasFewQueries,
  variant: variantOf,
  params: (launch) => params(launch, extra),
  workspace,
  work: (launch) => {
    const { queries, heads, channels, valueChannels } = flashExtents(launch, SEQUENCES)
    return queries * heads * chunksOf(launch).chunks * CHUNK * (channels + valueChannels)
  },
  build(k, signature) {
    const d = declare(k, extra, signature)
    const { sequences, ranges, scratch, p, chunks, record, recordAt, seenBy, chunkOf, keysOf } = d
    const rows = rowsOf(p, d)
    const tiles = declareFewQueryTiles(k, p, { ...rows, scratch, bias: d.bias, capped: d.capped })
    const scoresStart = k.let(v.mul(v.mul(v.mul(p.queries, p.heads), chunks), record), 'scores')
    const rowApart = k.let(v.mul(chunks, record), 'rowApart')

    // Chunks behind the last key that anybody sees are no work: threads share what there really is.
    const last = k.variable(v.i32(0), 'last')
    k.for(0, p.queries, (n) => last.set(v.max(last.get(), k.load(ranges, v.add(v.mul(n, 2), 1)))))
    const room = v.mul(v.sub(p.width, 3), p.blockSize)
    const most = k.let(v.min(last.get(), room), 'most')
    const live = k.let(v.select(v.gt(most, 0), v.add(chunkOf(v.sub(most, 1)), 1), 0), 'live')

    k.parallel(v.mul(p.sequences, live), (unit) => {
      const s = k.let(v.div(unit, live), 's')
      const chunk = k.let(v.sub(unit, v.mul(s, live)), 'chunk')
      const sequence = readSequence(k, p, sequences, s)
      const [begin, chunkEnd] = keysOf(chunk)
      const queries = k.let(v.div(sequence.rows, v.max(p.group, 1)), 'queries')
      /** body(query, from, count, hole) for the queries that see keys of the chunk; of those in the hole they see none. */
      const forEachQuery = (
        body: (query: v.Value, from: v.Value, count: v.Value, hole: readonly [v.Value, v.Value]) => void,
      ): void =>
        k.for(0, queries, (t) => {
          const query = k.let(v.add(sequence.query0, t), 'query')
          const [first, end] = seenBy(query, sequence)
          const from = k.let(v.select(v.lt(begin, p.sinks), begin, v.max(first, begin)), 'from')
          const count = k.let(v.sub(v.min(end, chunkEnd), from), 'count')
          const sees = v.or(v.gt(v.min(end, chunkEnd), first), v.lt(begin, p.sinks))
          k.if(v.and(v.gt(count, 0), sees), () => body(query, from, count, [v.sub(p.sinks, from), v.sub(first, from)]))
        })
      const wanted = k.variable(v.i32(0), 'wanted')
      forEachQuery(() => wanted.set(v.i32(1)))
      k.if(v.ne(wanted.get(), 0), () => {
        const scores = k.let(v.add(scoresStart, v.mul(v.mul(v.worker(), p.heads), SCORES)), 'scores')
        /** body(first key, keys, place of the first) for the pieces of [from, to) that lie side by side. */
        const forEachRun = (
          from: v.Value,
          to: v.Value,
          body: (key0: v.Value, count: v.Value, place: v.Value) => void,
        ): void => {
          const at = k.variable(from, 'at')
          k.while(
            () => v.lt(at.get(), to),
            () => {
              const key0 = k.let(at.get(), 'key0')
              const blockEnd = v.mul(v.add(v.div(key0, p.blockSize), 1), p.blockSize)
              const count = k.let(v.min(v.sub(v.min(to, blockEnd), key0), p.places), 'count')
              const place = v.min(placeOf(k, p, sequences, sequence.row, key0), v.sub(p.places, count))
              body(key0, count, k.let(place, 'place'))
              at.set(v.add(key0, count))
            },
          )
        }
        forEachQuery((query, from, count, hole) => {
          const row = k.let(v.mul(query, p.heads), 'row')
          tiles.run({
            ...{ row, from, count, hole, scores, rowApart, result: k.let(recordAt(row, chunk), 'result') },
            forEachRun: (body) => forEachRun(from, k.let(v.add(from, count)), body),
          })
        })
      })
    })
  },
})

const join = (extra: Extra): KernelSource<FlashAttributes> => ({
  applies: hasFewQueries,
  params: (launch) => params(launch, extra),
  workspace,
  work: (launch) => {
    const { queries, heads, valueChannels } = flashExtents(launch, SEQUENCES)
    return queries * heads * valueChannels * chunksOf(launch).chunks
  },
  build(k, signature) {
    const { y, lse, sequences, scratch, p, recordAt, seenBy, chunkOf } = declare(k, extra, signature)
    k.parallel(v.mul(p.sequences, p.heads), (unit) => {
      const s = k.let(v.div(unit, p.heads), 's')
      const head = k.let(v.sub(unit, v.mul(s, p.heads)), 'head')
      const sequence = readSequence(k, p, sequences, s)
      k.for(0, v.div(sequence.rows, v.max(p.group, 1)), (t) => {
        const query = k.let(v.add(sequence.query0, t), 'query')
        const row = k.let(v.add(v.mul(query, p.heads), head), 'row')
        const [first, end] = seenBy(query, sequence)
        const to = k.let(v.mul(row, p.valueChannels), 'to')
        const near = k.let(v.min(p.sinks, end), 'near')
        /** Chunks with sinks, and those from the first key on: [0, sinkChunks) and [firstChunk, chunkEnd). */
        const sinkChunks = k.let(v.select(v.gt(near, 0), v.add(chunkOf(v.sub(v.max(near, 1), 1)), 1), 0), 'sinkChunks')
        const sees = v.lt(first, end)
        const chunkEnd = k.let(v.select(sees, v.add(chunkOf(v.sub(v.max(end, 1), 1)), 1), sinkChunks), 'chunkEnd')
        const firstChunk = k.let(v.select(sees, v.max(chunkOf(first), sinkChunks), chunkEnd), 'firstChunk')
        const eachChunk = (body: (result: v.Value) => void): void => {
          const chunk = k.variable(v.select(v.gt(sinkChunks, 0), v.i32(0), firstChunk), 'chunk')
          k.while(
            () => v.lt(chunk.get(), chunkEnd),
            () => {
              body(k.let(recordAt(row, chunk.get())))
              const next = k.let(v.add(chunk.get(), 1))
              chunk.set(v.select(v.eq(next, sinkChunks), firstChunk, next))
            },
          )
        }
        const largest = k.variable(v.f32(NOTHING), 'largest')
        eachChunk((result) => largest.set(v.max(largest.get(), k.load(scratch, result))))
        // Where a bias leaves nothing to see, every chunk's maximum is -infinity, and its total 0.
        const safe = k.let(v.select(v.eq(largest.get(), NOTHING), v.f32(0), largest.get()), 'safe')
        const total = k.variable(v.f32(0), 'total')
        // A chunk's maximum is replaced by its factor.
        eachChunk((result) => {
          const factor = k.let(v.exp(v.mul(v.sub(k.load(scratch, result), safe), Math.LN2)))
          total.set(v.fma(k.load(scratch, v.add(result, 1)), factor, total.get()))
          k.store(scratch, result, factor)
        })
        const empty = k.let(v.eq(total.get(), 0), 'empty')
        const inverse = k.let(v.splat(v.select(empty, v.f32(0), v.div(v.f32(1), total.get())), 4))
        k.for(
          0,
          p.valueChannels,
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
        k.store(lse, row, v.select(empty, v.f32(NOTHING), v.add(v.mul(safe, Math.LN2), v.log(total.get()))))
      })
    })
  },
})

/** The launches of a forward op with few queries. */
export const fewQueries = (extra: Extra): KernelSource<FlashAttributes>[] => [overChunks(extra), join(extra)]
