import * as v from '@almanac/tensor-core/kernel'
import { CHANGED, DECAY, FIRST, keysSeenBy, LAST, MAXIMUM, type Meeting, TOTAL } from './block-records.js'
import { declareExp2 } from './exp2.js'
import { type FlashParams, ROWS } from './flash-launch.js'
import type { ScratchBuffers } from './pack-rows.js'
import { TILE_ROWS } from './tile-kernels.js'

/** Rows that are taken at a time: three vectors, and two tiles, whose depth may end at the last row's last key. */
export const LINE = 12
/** Vectors of those rows. */
export const LINE_VECTORS = [0, 4, 8]
/** A maximum is replaced when a score passes it by this (a factor of 2^8): then sums are seldom scaled down. */
const SLACK = 8
const NOTHING = Number.NEGATIVE_INFINITY

const int = (name: string) => ({ name, type: 'i32' }) as const

/** Keys that the rows i .. i + LINE - 1 see, whole tiles of them: what stands there is read as weights. */
export function keysOfLine(k: v.KernelBuilder, p: FlashParams, meeting: Meeting, i: v.Value): v.Value {
  const seen = keysSeenBy(p, meeting, v.add(i, LINE - 1))
  const tiles = v.div(v.add(seen, TILE_ROWS - 1), v.i32(TILE_ROWS))
  return k.let(v.min(meeting.count, v.mul(tiles, TILE_ROWS)), 'seen')
}

/** Whether rows see a key, from their first and last keys, four at a time. */
export function declareSeen(
  k: v.KernelBuilder,
  p: FlashParams,
  key: v.Value,
): (first: v.Value, last: v.Value) => v.Value {
  const key4 = k.let(v.splat(key, 4))
  // A sink is behind every first key.
  const reach4 = k.let(v.splat(v.select(v.lt(key, p.sinks), v.i32(2 ** 30), key), 4))
  return (first, last) => v.and(v.le(key4, last), v.ge(reach4, first))
}

/**
 * Turns a block of scores, in units of log 2, into weights 2^(score - maximum), in place: (scores, record, rows, count,
 * diagonal, key0). The running maximum and sum of each row are updated; DECAY gets the factor for what was summed under the
 * old maximum, CHANGED whether there is one that is not 1.
 */
export function blockSoftmax(
  k: v.KernelBuilder,
  p: FlashParams,
  { scratch, integers }: ScratchBuffers,
  masked: boolean,
): v.KernelFunction {
  const name = masked ? 'maskedSoftmax' : 'softmax'
  return k.func(name, ['scores', 'record', 'rows', 'count', 'diagonal', 'key0'].map(int), (...args) => {
    const [scores, record, rows, count, diagonal, key0] = args as [v.Value, v.Value, v.Value, v.Value, v.Value, v.Value]
    const exp2 = declareExp2(k)
    const changed = k.variable(v.i32(0), 'changed')
    k.for(
      0,
      rows,
      (i) => {
        const seen = keysOfLine(k, p, { rows, count, diagonal }, i)
        const line = k.let(v.add(scores, i), 'line')
        const end = k.let(v.add(line, v.mul(seen, ROWS)), 'end')
        const word = k.let(v.add(record, i), 'word')
        const ofRows = (what: number, buffer = scratch) =>
          LINE_VECTORS.map((lane) => k.let(v.load(buffer, v.add(word, what + lane), 4)))
        const largest = LINE_VECTORS.map(() => k.variable(v.splat(v.f32(NOTHING), 4), 'largest'))
        const [last, first] = masked ? [ofRows(LAST, integers), ofRows(FIRST, integers)] : [[], []]
        const key = k.variable(key0, 'key')
        k.for(
          line,
          end,
          (at) => {
            const seenBy = masked ? declareSeen(k, p, key.get()) : null
            for (const [j, lane] of LINE_VECTORS.entries()) {
              const place = v.add(at, lane)
              let score = k.let(v.load(scratch, place, 4))
              if (seenBy) {
                score = k.let(v.select(seenBy(first[j] as v.Value, last[j] as v.Value), score, NOTHING))
                k.store(scratch, place, score)
              }
              // A NaN is no maximum; it comes through as a weight.
              const maximum = largest[j] as v.Variable
              maximum.set(v.select(v.gt(score, maximum.get()), score, maximum.get()))
            }
            if (masked) key.set(v.add(key.get(), 1))
          },
          ROWS,
        )
        const maxima = ofRows(MAXIMUM).map((before, j) => {
          const now = (largest[j] as v.Variable).get()
          const passes = k.let(v.gt(now, v.add(before, SLACK)))
          const maximum = k.let(v.select(passes, now, before))
          changed.set(v.or(changed.get(), v.reduceLanes('max', v.convert(passes, 'i32'))))
          // A row that sees nothing yet has no maximum; any finite number keeps its weights at zero.
          const safe = k.let(v.select(v.eq(maximum, NOTHING), 0, maximum))
          k.store(scratch, v.add(word, MAXIMUM + 4 * j), maximum)
          k.store(scratch, v.add(word, DECAY + 4 * j), exp2(k.let(v.sub(before, safe))))
          return safe
        })
        const totals = ofRows(TOTAL).map((total, j) =>
          k.variable(v.mul(total, v.load(scratch, v.add(word, DECAY + 4 * j), 4)), 'total'),
        )
        k.for(
          line,
          end,
          (at) => {
            for (const [j, lane] of LINE_VECTORS.entries()) {
              const place = v.add(at, lane)
              const weight = k.let(exp2(k.let(v.sub(v.load(scratch, place, 4), maxima[j] as v.Value))))
              k.store(scratch, place, weight)
              const total = totals[j] as v.Variable
              total.set(v.add(total.get(), weight))
            }
          },
          ROWS,
        )
        for (const [j, total] of totals.entries()) k.store(scratch, v.add(word, TOTAL + 4 * j), total.get())
      },
      LINE,
    )
    k.store(integers, v.add(record, CHANGED), changed.get())
    return undefined
  })
}
