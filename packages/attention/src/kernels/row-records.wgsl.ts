import type { KernelLaunch } from '@almanac/tensor-core'
import { defineWgsl } from '@almanac/tensor-core/wgsl'
import type { AttentionAttributes } from './attention-launch.js'
import { backwardBuffers } from './backward-buffers.js'
import { GPU_PARAMS, type GpuLaunch, gpuLaunch, gpuParams } from './gpu-launch.js'

/*
 * What the passes of the backward kernel need to know of each row of a kv head, four words side by side: its lse (to the base
 * of two), its delta, and the keys that it sees, [first, end). After all rows the same of each group of rows: the earliest
 * key and the end of the latest that one of them sees. The passes read these instead of four buffers more than they have.
 */

/** Rows of a group: the least that a pass takes together. */
export const RECORD_ROWS = 32

/** Groups of rows of a kv head. An even number: tiles may have 64 rows. */
export const recordGroups = ({ rows }: GpuLaunch): number => 2 * Math.ceil(rows / (2 * RECORD_ROWS))

export function recordBytes(launch: KernelLaunch<AttentionAttributes>): number {
  const seen = gpuLaunch(launch)
  return 4 * seen.kvRows * recordGroups(seen) * (4 * RECORD_ROWS + 2)
}

/** Parameters beside those of the launch: groups of a kv head, and where the groups' words begin. */
export const RECORD_PARAMS = ['recordGroups', 'groupWords'] as const

export function recordParams(launch: KernelLaunch<AttentionAttributes>): number[] {
  const seen = gpuLaunch(launch)
  const groups = recordGroups(seen)
  return [groups, seen.kvRows * groups * 4 * RECORD_ROWS]
}

interface RecordContext {
  p(name: string): string
  load(buffer: string, index: string): string
}

/** A word of the record of a row of a kv head, as i32. */
export const recordWord = ({ p, load }: RecordContext, head: string, row: string, word: number): string =>
  load('records', `(${head} * ${p('recordGroups')} * ${RECORD_ROWS} + ${row}) * 4 + ${word}`)

/** The earliest key (0) or the end of the keys (1) that rows of a group see. */
export const groupWord = ({ p, load }: RecordContext, head: string, of: string, word: number): string =>
  load('records', `${p('groupWords')} + (${head} * ${p('recordGroups')} + ${of}) * 2 + ${word}`)

export const rowRecords = defineWgsl({
  paramNames: [...GPU_PARAMS, ...RECORD_PARAMS],
  params: (launch: KernelLaunch<AttentionAttributes>) => [...gpuParams(launch), ...recordParams(launch)],
  groups(launch: KernelLaunch<AttentionAttributes>) {
    const seen = gpuLaunch(launch)
    return seen.kvRows * recordGroups(seen)
  },
  workspace: recordBytes,
  buffers: backwardBuffers(['lse', 'delta', 'starts', 'firsts'], 'write'),
  text: ({ p, load, store }) => ({
    workgroupSize: RECORD_ROWS,
    declarations: 'var<workgroup> earliest: atomic<i32>;\nvar<workgroup> latest: atomic<i32>;\n',
    body: `  let head = group / ${p('recordGroups')};
  let batch = head / ${p('kvHeads')};
  let row = (group % ${p('recordGroups')}) * ${RECORD_ROWS} + lid;
  let t = row / ${p('group')};
  var first = 0;
  var end = 0;
  var lse = 0.0;
  var delta = 0.0;
  if (lid == 0) {
    atomicStore(&earliest, ${p('keys')});
    atomicStore(&latest, 0);
  }
  workgroupBarrier();
  if (row < ${p('rows')}) {
    let token = batch * ${p('time')} + t;
    first = max(${load('firsts', 'token')}, 0);
    end = min(${load('starts', 'batch')} + t + 1, ${p('keys')});
    if (first < end) {
      let at = token * ${p('heads')} + (head % ${p('kvHeads')}) * ${p('group')} + row - t * ${p('group')};
      lse = ${load('lse', 'at')} * ${Math.LOG2E};
      delta = ${load('delta', 'at')};
      atomicMin(&earliest, first);
      atomicMax(&latest, end);
    }
  }
  let words = (group * ${RECORD_ROWS} + lid) * 4;
  ${store('records', 'words', 'bitcast<i32>(lse)')}
  ${store('records', 'words + 1', 'bitcast<i32>(delta)')}
  ${store('records', 'words + 2', 'first')}
  ${store('records', 'words + 3', 'end')}
  workgroupBarrier();
  if (lid == 0) {
    ${store('records', `${p('groupWords')} + 2 * group`, 'atomicLoad(&earliest)')}
    ${store('records', `${p('groupWords')} + 2 * group + 1`, 'atomicLoad(&latest)')}
  }`,
  }),
})
