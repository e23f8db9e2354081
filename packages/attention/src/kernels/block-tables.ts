import * as v from '@almanac/tensor-core/kernel'
import { type AttentionParams, ROWS } from './attention-launch.js'
import type { ScratchBuffers } from './pack-rows.js'

/*
 * A record of a block of query rows in scratch memory: six times ROWS words and three words more. The rows of all query
 * heads that share a kv head form one list: row r is the query at position r / G of head r % G of the group.
 */

/** Forward: running maximum and sum of the weights, and the factor for what was summed under the old maximum. */
export const [MAXIMUM, TOTAL, DECAY] = [0, ROWS, 2 * ROWS]
/** Backward: -log2(e) lse and -delta. */
export const [MINUS_LSE, MINUS_DELTA] = [0, ROWS]
/** Integers: the last and the first key that a row sees, and where the row starts in q. */
export const [LAST, FIRST, OFFSET] = [3 * ROWS, 4 * ROWS, 5 * ROWS]
/** Integers: the smallest and the largest FIRST of the block; not 0 where a maximum changed. */
export const [EARLIEST, LATEST, CHANGED] = [6 * ROWS, 6 * ROWS + 1, 6 * ROWS + 2]
export const RECORD = 6 * ROWS + 16

const int = (name: string) => ({ name, type: 'i32' }) as const

/** Statistics that a record begins with: of row i, at element `at` of tensors [B, T, H]. */
export type BeginRow = (i: v.Value, at: v.Value) => readonly [first: v.Value, second: v.Value]

/**
 * Fills the record of a block: (batch, kvHead, row0, record). Where fewer than ROWS rows are left, the last is repeated:
 * tiles may then take them, and nobody looks at what comes of it.
 */
export function rowsTable(
  k: v.KernelBuilder,
  p: AttentionParams,
  { scratch, integers }: ScratchBuffers,
  { starts, firsts }: { readonly starts: v.BufferRef; readonly firsts: v.BufferRef },
  begin: BeginRow,
): v.KernelFunction {
  return k.func('rowsTable', ['batch', 'kvHead', 'row0', 'record'].map(int), (...args) => {
    const [batch, kvHead, row0, record] = args as [v.Value, v.Value, v.Value, v.Value]
    const start = k.let(k.load(starts, batch))
    const [earliest, latest] = [k.variable(p.keys, 'earliest'), k.variable(v.i32(0), 'latest')]
    const position = k.variable(v.div(row0, p.group), 'position')
    const member = k.variable(v.sub(row0, v.mul(position.get(), p.group)), 'member')
    const last = k.let(v.sub(v.sub(p.rows, row0), 1), 'last')
    k.for(0, ROWS, (i) => {
      const token = k.let(v.add(v.mul(batch, p.time), position.get()))
      const at = k.let(v.add(v.mul(v.add(v.mul(token, p.kvHeads), kvHead), p.group), member.get()), 'at')
      const first = k.let(v.max(k.load(firsts, token), 0), 'first')
      const word = k.let(v.add(record, i))
      for (const [j, statistic] of begin(i, at).entries()) k.store(scratch, v.add(word, j * ROWS), statistic)
      k.store(integers, v.add(word, LAST), v.add(start, position.get()))
      k.store(integers, v.add(word, FIRST), first)
      k.store(integers, v.add(word, OFFSET), v.mul(at, p.channels))
      earliest.set(v.min(earliest.get(), first))
      latest.set(v.max(latest.get(), first))
      k.if(v.lt(i, last), () => {
        member.set(v.add(member.get(), 1))
        k.if(v.eq(member.get(), p.group), () => {
          member.set(v.i32(0))
          position.set(v.add(position.get(), 1))
        })
      })
    })
    k.store(integers, v.add(record, EARLIEST), earliest.get())
    k.store(integers, v.add(record, LATEST), latest.get())
    return undefined
  })
}

/** table[i] = where key key0 + i starts in k, for `length` keys, the last of `count` repeated: (batch, kvHead, key0, count, table). */
export function keysTable(
  k: v.KernelBuilder,
  p: AttentionParams,
  { integers }: ScratchBuffers,
  length: number,
): v.KernelFunction {
  return k.func('keysTable', ['batch', 'kvHead', 'key0', 'count', 'table'].map(int), (...args) => {
    const [batch, kvHead, key0, count, table] = args as [v.Value, v.Value, v.Value, v.Value, v.Value]
    const base = k.let(v.add(v.mul(batch, p.keys), key0))
    k.for(0, length, (i) => {
      const token = v.add(base, v.min(i, v.sub(count, 1)))
      k.store(integers, v.add(table, i), v.mul(v.add(v.mul(token, p.kvHeads), kvHead), p.channels))
    })
    return undefined
  })
}

/** Where a block of rows meets a block of keys. */
export interface Meeting {
  /** Rows of the block, and keys. */
  readonly rows: v.Value
  readonly count: v.Value
  /** The row, counted from the block's first (it may be negative), that is the first to see the first key. */
  readonly diagonal: v.Value
}

/** Keys of the block that row i sees, counted from the first one on. */
export function keysSeenBy(p: AttentionParams, { count, diagonal }: Meeting, i: v.Value): v.Value {
  const above = v.max(v.add(v.sub(i, diagonal), p.group), 0)
  return v.min(count, v.div(above, p.group))
}

/** First row of the block that sees key j of the block. */
export const firstRowSeeing = (p: AttentionParams, { diagonal }: Meeting, j: v.Value): v.Value =>
  v.max(v.add(diagonal, v.mul(j, p.group)), 0)
