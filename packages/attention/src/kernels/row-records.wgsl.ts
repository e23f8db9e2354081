import { defineWgsl, type WgslBuffer } from '@almanac/tensor-core/wgsl'
import { backwardBuffers } from './backward-buffers.js'
import { findTile, queryRow } from './find-tile.js'
import { type FlashKind, type FlashLaunch, GPU_PARAMS, gpuLaunch, gpuParams, mostTiles } from './gpu-launch.js'
import { RECORD_ROWS } from './record-rows.js'
import { declareKeys, NO_KEY, rangeOfRow, spanOfRow } from './seen-keys.js'

/*
 * What the passes of the backward kernel need to know of each row of a sequence and kv head, four words side by side: its lse (in
 * the unit of scores), its delta, and the range of its keys, [first, end), which is empty where all of them are hidden. After all
 * rows the same of each group of rows: the earliest key and the end of the latest that one of them sees. The passes read
 * these instead of four buffers more than they have.
 */

/** Groups of rows of a kv head that there are at most, and one more, where the second half of the last tile of rows looks. */
function groupsOf(launch: FlashLaunch): number {
  const { queries, group, sequenceCount } = gpuLaunch(launch)
  return mostTiles(queries * group, sequenceCount, RECORD_ROWS) + 1
}

export function recordBytes(launch: FlashLaunch): number {
  return 4 * gpuLaunch(launch).kvHeads * groupsOf(launch) * (4 * RECORD_ROWS + 2)
}

/** Parameters beside those of the launch: groups of a kv head, and where the groups' words begin. */
export const RECORD_PARAMS = ['recordGroups', 'groupWords'] as const

export function recordParams(launch: FlashLaunch): number[] {
  const groups = groupsOf(launch)
  return [groups, gpuLaunch(launch).kvHeads * groups * 4 * RECORD_ROWS]
}

interface RecordContext {
  p(name: string): string
  load(buffer: string, index: string): string
}

/** A word of the record of a row of a sequence, as i32, after `findTile`. */
export const recordWord = ({ p, load }: RecordContext, row: string, word: number): string =>
  load('records', `((kvHead * ${p('recordGroups')} + groupsBefore) * ${RECORD_ROWS} + ${row}) * 4 + ${word}`)

/** The earliest key (0) or the end of the keys (1) that rows of a group of a sequence see. */
export const groupWord = ({ p, load }: RecordContext, of: string, word: number): string =>
  load('records', `${p('groupWords')} + (kvHead * ${p('recordGroups')} + groupsBefore + ${of}) * 2 + ${word}`)

export const rowRecords = (kind: FlashKind) =>
  defineWgsl({
    paramNames: [...GPU_PARAMS, ...RECORD_PARAMS],
    params: (launch: FlashLaunch) => [...gpuParams(launch, kind), ...recordParams(launch)],
    groups: (launch: FlashLaunch) => gpuLaunch(launch).kvHeads * (groupsOf(launch) - 1),
    workspace: recordBytes,
    buffers: backwardBuffers(kind, ['lse', 'delta', 'sequences', 'ranges'], 'write') as readonly WgslBuffer[],
    text(context) {
      const { p, load, store } = context
      const span = spanOfRow(context, 'first', 'end')
      return {
        workgroupSize: RECORD_ROWS,
        declarations: `var<workgroup> earliest: atomic<i32>;\nvar<workgroup> latest: atomic<i32>;\n${queryRow(context)}`,
        body: `  let groupsInAll = ${p('recordGroups')} - 1;
  let kvHead = group / groupsInAll;
  let tile = group % groupsInAll;
${findTile(context, { of: 'rows', size: RECORD_ROWS })}
${declareKeys(context)}
  let row = number * ${RECORD_ROWS} + lid;
  var first = 0;
  var end = 0;
  var lse = 0.0;
  var delta = 0.0;
  if (lid == 0) {
    atomicStore(&earliest, ${NO_KEY});
    atomicStore(&latest, 0);
  }
  workgroupBarrier();
${rangeOfRow(context, { row: 'row', inside: 'row < rowsInAll', first: 'first', end: 'end' })}
  if (row < rowsInAll) {
    let at = query_row(queryBegin, kvHead, row);
    lse = ${load('lse', 'at')}${kind === 'biased' ? '' : ` * ${Math.LOG2E}`};
    delta = ${load('delta', 'at')};
    // Where a bias hides all keys, nothing is seen.
    if (bitcast<u32>(lse) == 0xff800000u) {
      lse = 0.0;
      end = 0;
    }
    atomicMin(&earliest, ${span.earliest});
    atomicMax(&latest, ${span.latest});
  }
  let words = ((kvHead * ${p('recordGroups')} + groupsBefore + number) * ${RECORD_ROWS} + lid) * 4;
  ${store('records', 'words', 'bitcast<i32>(lse)')}
  ${store('records', 'words + 1', 'bitcast<i32>(delta)')}
  ${store('records', 'words + 2', 'first')}
  ${store('records', 'words + 3', 'end')}
  workgroupBarrier();
  if (lid == 0) {
    let groupAt = ${p('groupWords')} + 2 * (kvHead * ${p('recordGroups')} + groupsBefore + number);
    ${store('records', 'groupAt', 'atomicLoad(&earliest)')}
    ${store('records', 'groupAt + 1', 'atomicLoad(&latest)')}
  }`,
      }
    },
  })
