import type { WgslContext } from '@almanac/tensor-core/wgsl'
import { RECORD_ROWS } from './record-rows.js'

type Context = Pick<WgslContext<string, 'sequences'>, 'p' | 'load'>

/**
 * Statements that find which piece of which sequence a workgroup takes, and return where there is none: workgroups are as many
 * as there may be pieces for any lengths. From `tile`, the number of a piece among those of all sequences, in order, they
 * declare `sequence`, `number` (of the piece in its sequence), `queryBegin`, `rowsInAll` (its queries with all heads of the group),
 * and `groupsBefore`: groups of row records of the sequences before it. The same for the whole workgroup, also for
 * WGSL's analysis, because the table is only read.
 */
export function findTile(
  { p, load }: Context,
  { of, size }: { readonly of: 'rows' | 'keys'; readonly size: number },
): string {
  const word = (at: number): string => load('sequences', `sequence * ${p('tableWidth')} + ${at}`)
  return `  var sequence = 0;
  var number = tile;
  var queryBegin = 0;
  var rowsInAll = 0;
  var groupsBefore = 0;
  for (; sequence < ${p('sequenceCount')}; sequence++) {
    queryBegin = max(${word(0)}, 0);
    rowsInAll = max(min(${word(1)}, ${p('queries')}) - queryBegin, 0) * ${p('group')};
    let pieces = (${of === 'rows' ? 'rowsInAll' : `places_of(sequence)`} + ${size - 1}) / ${size};
    if (number < pieces) { break; }
    number -= pieces;
    groupsBefore += (rowsInAll + ${RECORD_ROWS - 1}) / ${RECORD_ROWS};
  }
  if (sequence >= ${p('sequenceCount')}) { return; }`
}

/** Row of q [N H, D] that a row of a sequence and kv head is. */
export const queryRow = ({ p }: Context): string => `fn query_row(query_begin: i32, kv_head: i32, row: i32) -> i32 {
  let t = row / ${p('group')};
  return (query_begin + t) * ${p('heads')} + kv_head * ${p('group')} + row - t * ${p('group')};
}
`

/** Row of k [M KV, D] of a key of a sequence, by the table of its blocks; never one outside of k. */
export const keyRow = ({ p, load }: Context): string => `fn key_row(sequence: i32, kv_head: i32, key: i32) -> i32 {
  let block = min(key / ${p('blockSize')}, ${p('tableWidth')} - 4);
  let first = ${load('sequences', `sequence * ${p('tableWidth')} + 3 + block`)};
  return clamp(first + key - block * ${p('blockSize')}, 0, ${p('places')} - 1) * ${p('kvHeads')} + kv_head;
}
`

/**
 * The places of a sequence of one block, which may be more than its keys where the layout is `dense`: then they go on to those of
 * the next one, and the gradients behind the last key are zeros.
 */
export const placesOf = ({ p, load }: Context): string => {
  const word = (sequence: string, at: number): string => load('sequences', `${sequence} * ${p('tableWidth')} + ${at}`)
  return `fn first_place(sequence: i32) -> i32 { return clamp(${word('sequence', 3)}, 0, ${p('places')}); }
fn places_of(sequence: i32) -> i32 {
  let first = first_place(sequence);
  if (${p('dense')} == 0) { return clamp(${word('sequence', 2)}, 0, ${p('places')} - first); }
  if (sequence + 1 < ${p('sequenceCount')}) { return max(first_place(sequence + 1) - first, 0); }
  return ${p('places')} - first;
}
`
}
