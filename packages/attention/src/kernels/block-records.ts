import * as v from '@almanac/tensor-core/kernel'
import { type FlashParams, ROWS } from './flash-launch.js'
import type { ScratchBuffers } from './pack-rows.js'

/*
 * A record of a block of query rows in scratch memory: six times ROWS words and some more. The rows of all query heads that
 * share a kv head form one list: row r is query r / G of the sequence at head r % G of the group.
 */

/** Forward: running maximum and sum of the weights, and the factor for what was summed under the old maximum. */
export const [MAXIMUM, TOTAL, DECAY] = [0, ROWS, 2 * ROWS]
/** Backward: -log2(e) lse and -delta. */
export const [MINUS_LSE, MINUS_DELTA] = [0, ROWS]
/** Integers: the last and the first key that a row sees (sinks apart), and its number among the rows [N, H] of q and y. */
export const [LAST, FIRST, NUMBER] = [3 * ROWS, 4 * ROWS, 5 * ROWS]
/** Integers: the smallest and the largest FIRST and LAST of the block; not 0 where a maximum changed. */
export const [EARLIEST, LATEST, SOONEST, FARTHEST, CHANGED] = [0, 1, 2, 3, 4].map((i) => 6 * ROWS + i) as [
  number,
  number,
  number,
  number,
  number,
]
/**
 * Integers: the last key of the block's first row, not cut off at the sequence's end, and the row's head in the group, where the
 * last keys of the block's queries rise by one a query; where they do not, a key so far on that all rows see it.
 */
export const [DIAGONAL_KEY, DIAGONAL_MEMBER] = [6 * ROWS + 5, 6 * ROWS + 6]
export const RECORD = 6 * ROWS + 16

/** As DIAGONAL_KEY: times the heads of any group it is still an integer. */
const NO_DIAGONAL = 2 ** 21

const int = (name: string) => ({ name, type: 'i32' }) as const

/** Statistics that a record begins with, of row i with number `row`. */
export type BeginRow = (i: v.Value, row: v.Value) => readonly [first: v.Value, second: v.Value]

/**
 * Fills the record of a block: (kvHead, query0, keys, row0, rows, record), with the sequence's first query and number of keys.
 * Where fewer than ROWS rows are left, the last is repeated: tiles may then take them, and nobody looks at what comes of it.
 */
export function rowsTable(
  k: v.KernelBuilder,
  p: FlashParams,
  { scratch, integers }: ScratchBuffers,
  ranges: v.BufferRef,
  begin: BeginRow,
): v.KernelFunction {
  const names = ['kvHead', 'query0', 'keys', 'row0', 'rows', 'record']
  return k.func('rowsTable', names.map(int), (...args) => {
    const [kvHead, query0, keys, row0, rows, record] = args as [v.Value, v.Value, v.Value, v.Value, v.Value, v.Value]
    const start = k.let(v.div(row0, p.group))
    const [query, member] = [k.variable(v.add(query0, start), 'query'), k.variable(v.i32(0), 'member')]
    member.set(v.sub(row0, v.mul(start, p.group)))
    const firstMember = k.let(member.get())
    const endOf = (n: v.Value): v.Value => k.load(ranges, v.add(v.mul(n, 2), 1))
    const firstEnd = k.let(endOf(query.get()), 'firstEnd')
    const most = v.i32(2 ** 30)
    const [earliest, latest] = [k.variable(most, 'earliest'), k.variable(v.i32(0), 'latest')]
    const [soonest, farthest] = [k.variable(most, 'soonest'), k.variable(v.i32(-1), 'farthest')]
    /** By how much the ends differ from rising by one. */
    const off = k.variable(v.i32(0), 'off')
    const last = k.let(v.sub(rows, 1), 'last')
    k.for(0, ROWS, (i) => {
      const at = k.let(query.get(), 'query')
      const row = k.let(v.add(v.mul(v.add(v.mul(at, p.kvHeads), kvHead), p.group), member.get()), 'number')
      const first = k.let(v.max(k.load(ranges, v.mul(at, 2)), 0), 'first')
      const end = k.let(endOf(at), 'end')
      const lastKey = k.let(v.sub(v.min(end, keys), 1), 'lastKey')
      const word = k.let(v.add(record, i))
      for (const [j, statistic] of begin(i, row).entries()) k.store(scratch, v.add(word, j * ROWS), statistic)
      k.store(integers, v.add(word, LAST), lastKey)
      k.store(integers, v.add(word, FIRST), first)
      k.store(integers, v.add(word, NUMBER), row)
      earliest.set(v.min(earliest.get(), first))
      latest.set(v.max(latest.get(), first))
      soonest.set(v.min(soonest.get(), lastKey))
      farthest.set(v.max(farthest.get(), lastKey))
      const rises = v.sub(at, v.add(query0, start))
      off.set(v.or(off.get(), v.sub(v.sub(end, firstEnd), rises)))
      k.if(v.lt(i, last), () => {
        member.set(v.add(member.get(), 1))
        k.if(v.eq(member.get(), p.group), () => {
          member.set(v.i32(0))
          query.set(v.add(query.get(), 1))
        })
      })
    })
    const put = (what: number, value: v.Value): void => k.store(integers, v.add(record, what), value)
    put(EARLIEST, earliest.get())
    put(LATEST, latest.get())
    put(SOONEST, soonest.get())
    put(FARTHEST, farthest.get())
    const rising = k.let(v.eq(off.get(), 0))
    put(DIAGONAL_KEY, v.select(rising, v.sub(firstEnd, 1), v.i32(NO_DIAGONAL)))
    put(DIAGONAL_MEMBER, firstMember)
    return undefined
  })
}

/**
 * table[i] = number of the row [M, KV] of key key0 + i, for `length` keys, the last of `count` repeated: (row, kvHead, key0, count,
 * table), with the place of the sequence's row.
 */
export function keysTable(
  k: v.KernelBuilder,
  p: FlashParams,
  { integers }: ScratchBuffers,
  sequences: v.BufferRef,
  length: number,
): v.KernelFunction {
  return k.func('keysTable', ['row', 'kvHead', 'key0', 'count', 'table'].map(int), (...args) => {
    const [row, kvHead, key0, count, table] = args as [v.Value, v.Value, v.Value, v.Value, v.Value]
    k.for(0, length, (i) => {
      const key = k.let(v.add(key0, v.min(i, v.sub(count, 1))))
      const place = k.let(placeOf(k, p, sequences, row, key))
      k.store(integers, v.add(table, i), v.add(v.mul(place, p.kvHeads), kvHead))
    })
    return undefined
  })
}

/** Where a key lies. It is inside of the buffer whatever the table says. */
export function placeOf(
  k: v.KernelBuilder,
  p: FlashParams,
  sequences: v.BufferRef,
  row: v.Value,
  key: v.Value,
): v.Value {
  const block = k.let(v.div(key, p.blockSize))
  const start = k.load(sequences, v.add(v.add(row, block), 3))
  const place = v.add(start, v.sub(key, v.mul(block, p.blockSize)))
  return v.max(v.min(place, v.sub(p.places, 1)), 0)
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
export function keysSeenBy(p: FlashParams, { count, diagonal }: Meeting, i: v.Value): v.Value {
  const above = v.max(v.add(v.sub(i, diagonal), p.group), 0)
  return v.min(count, v.div(above, p.group))
}

/** First row of the block that sees key j of the block. */
export const firstRowSeeing = (p: FlashParams, { diagonal }: Meeting, j: v.Value): v.Value =>
  v.max(v.add(diagonal, v.mul(j, p.group)), 0)
