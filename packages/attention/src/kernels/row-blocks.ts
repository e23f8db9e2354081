import * as v from '@almanac/tensor-core/kernel'
import { type AttentionParams, KEYS, ROWS } from './attention-launch.js'
import { EARLIEST, LATEST, type Meeting, RECORD } from './block-tables.js'
import type { ScratchBuffers } from './pack-rows.js'

export interface RowBlock {
  readonly row0: v.Value
  /** How many there are. */
  readonly rows: v.Value
  readonly record: v.Value
  /** Its place among the task's blocks. */
  readonly index: v.Value
}

/** The blocks of rows of task `part`, with records that lie one after the other. */
export function forEachRowBlock(
  k: v.KernelBuilder,
  p: AttentionParams,
  { part, records }: { readonly part: v.Value; readonly records: v.Value },
  body: (block: RowBlock) => void,
): void {
  const from = k.let(v.mul(part, v.mul(p.perTask, ROWS)), 'from')
  const end = k.let(v.min(p.rows, v.add(from, v.mul(p.perTask, ROWS))), 'end')
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

/** The blocks of keys that the rows of task `part` see, from the earliest on. */
export function forEachSeenKeyBlock(
  k: v.KernelBuilder,
  p: AttentionParams,
  { part, start, earliest }: { readonly part: v.Value; readonly start: v.Value; readonly earliest: v.Value },
  body: (block: KeyBlock) => void,
): void {
  const end = v.min(p.rows, v.mul(v.add(part, 1), v.mul(p.perTask, ROWS)))
  const seen = k.let(v.min(p.keys, v.add(v.add(start, v.div(v.sub(end, 1), p.group)), 1)), 'seen')
  k.for(earliest, seen, (key0) => body({ key0, count: k.let(v.min(v.sub(seen, key0), KEYS), 'count') }), KEYS)
}

/** body(meeting, whether every row sees every key) where any row of the block sees any of the keys. */
export function ifTheyMeet(
  k: v.KernelBuilder,
  p: AttentionParams,
  integers: ScratchBuffers['integers'],
  { row0, rows, record }: Omit<RowBlock, 'index'>,
  { key0, count, start }: KeyBlock & { readonly start: v.Value },
  body: (meeting: Meeting, allSeen: v.Value) => void,
): void {
  const diagonal = k.let(v.sub(v.mul(v.sub(key0, start), p.group), row0), 'diagonal')
  const reaches = v.gt(v.add(key0, count), k.load(integers, v.add(record, EARLIEST)))
  k.if(v.and(v.lt(diagonal, rows), reaches), () => {
    const before = v.le(v.add(diagonal, v.mul(v.sub(count, 1), p.group)), 0)
    body({ rows, count, diagonal }, v.and(before, v.ge(key0, k.load(integers, v.add(record, LATEST)))))
  })
}
