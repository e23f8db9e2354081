import * as v from '@almanac/tensor-core/kernel'
import {
  DIAGONAL_KEY,
  DIAGONAL_MEMBER,
  EARLIEST,
  FARTHEST,
  LATEST,
  type Meeting,
  RECORD,
  SOONEST,
} from './block-records.js'
import { type FlashParams, KEYS, ROWS } from './flash-launch.js'
import type { ScratchBuffers } from './pack-rows.js'

export interface RowBlock {
  readonly row0: v.Value
  /** How many there are. */
  readonly rows: v.Value
  readonly record: v.Value
  /** Its place among the task's blocks. */
  readonly index: v.Value
}

/** The blocks of rows of task `part` of a head with so many `rows`, with records that lie one after the other. */
export function forEachRowBlock(
  k: v.KernelBuilder,
  p: FlashParams,
  { part, rows, records }: Record<'part' | 'rows' | 'records', v.Value>,
  body: (block: RowBlock) => void,
): void {
  const from = k.let(v.mul(part, v.mul(p.perTask, ROWS)), 'from')
  const end = k.let(v.min(rows, v.add(from, v.mul(p.perTask, ROWS))), 'end')
  k.for(
    from,
    end,
    (row0) => {
      const index = k.let(v.div(v.sub(row0, from), v.i32(ROWS)), 'index')
      const record = k.let(v.add(records, v.mul(index, RECORD)), 'record')
      body({ row0, rows: k.let(v.min(v.sub(end, row0), ROWS), 'rows'), record, index })
    },
    ROWS,
  )
}

export interface KeyBlock {
  readonly key0: v.Value
  readonly count: v.Value
}

/** The blocks of keys from `earliest` to `farthest`, and before them those with sinks: no key twice. */
export function forEachSeenKeyBlock(
  k: v.KernelBuilder,
  p: FlashParams,
  { earliest, farthest }: Record<'earliest' | 'farthest', v.Value>,
  body: (block: KeyBlock) => void,
): void {
  const end = k.let(v.add(farthest, 1), 'end')
  const sinks = k.let(v.min(v.min(p.sinks, earliest), end), 'sinks')
  const key0 = k.variable(v.select(v.gt(sinks, 0), v.i32(0), earliest), 'key0')
  k.while(
    () => v.lt(key0.get(), end),
    () => {
      const at = k.let(key0.get(), 'key0')
      const limit = k.let(v.select(v.lt(at, sinks), sinks, end))
      const count = k.let(v.min(v.sub(limit, at), KEYS), 'count')
      body({ key0: at, count })
      const next = k.let(v.add(at, count))
      key0.set(v.select(v.eq(next, sinks), earliest, next))
    },
  )
}

/** body(meeting, whether every row sees every key) where any row of the block may see any of the keys. */
export function ifTheyMeet(
  k: v.KernelBuilder,
  p: FlashParams,
  integers: ScratchBuffers['integers'],
  { rows, record }: Pick<RowBlock, 'rows' | 'record'>,
  { key0, count }: KeyBlock,
  body: (meeting: Meeting, allSeen: v.Value) => void,
): void {
  const of = (what: number): v.Value => k.load(integers, v.add(record, what))
  const end = k.let(v.add(key0, count))
  const diagonal = k.let(v.sub(v.mul(v.sub(key0, of(DIAGONAL_KEY)), p.group), of(DIAGONAL_MEMBER)), 'diagonal')
  const reaches = v.or(v.gt(end, of(EARLIEST)), v.lt(key0, p.sinks))
  k.if(v.and(v.and(v.lt(diagonal, rows), v.le(key0, of(FARTHEST))), reaches), () => {
    const notBefore = v.or(v.ge(key0, of(LATEST)), v.le(end, p.sinks))
    body({ rows, count, diagonal }, v.and(v.le(end, v.add(of(SOONEST), 1)), notBefore))
  })
}
