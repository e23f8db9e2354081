import type { KernelOperand } from '@almanac/tensor-core'
import { defineWgsl, ENOUGH_GROUPS, reduceWorkgroup, type WgslBuffer } from '@almanac/tensor-core/wgsl'
import { findTile, keyRow, queryRow } from './find-tile.js'
import { forwardBuffers } from './gpu-forward-buffers.js'
import {
  type FlashKind,
  type FlashLaunch,
  GPU_PARAMS,
  type GpuLaunch,
  gpuLaunch,
  gpuParams,
  mostTiles,
} from './gpu-launch.js'
import { gpuScores } from './gpu-scores.js'
import { keyRows } from './key-rows.js'
import { declareKeys, declareRun, isSeen, keyOf, NO_KEY, rangeOfRow, spanOfRow } from './seen-keys.js'
import { fetch, fetchFunctions } from './workgroup-tile.js'

/*
 * Attention of few queries over many keys, as in decoding: the keys that some rows see are cut into chunks, so that all cores have
 * work though there are few heads. One kernel leaves maximum, total and weighted sum of each chunk, a second one joins them
 * (Dao et al. 2023, "Flash-Decoding for long-context inference"). How many chunks there are depends on shapes alone; how long
 * they are, on how many keys the rows really see.
 */

/** Rows of a sequence and kv head up to which this is the faster way, and up to which it is where tiles would leave cores idle. */
const FEW_ROWS = { always: 8, ifIdle: 32 } as const
/** Workgroups beyond which further ones give nothing: then chunks grow. */
const MOST_GROUPS = 1024
const INVOCATIONS = 128
/** Invocations that share a key's channels; they read a key side by side. */
const LANES = 8
/** Keys that the invocations take at once. */
const AT_ONCE = INVOCATIONS / LANES
/** Invocations of the second kernel's workgroups. */
const JOINERS = 64

/** Channels of the values that a workgroup sums, and in how many blocks of them there are all. */
function blocksOf({ fours, valueChannels }: GpuLaunch) {
  const width = fours && valueChannels > 64 ? 128 : 64
  return { width, blocks: Math.ceil(valueChannels / width) }
}

export function hasFewRows(launch: GpuLaunch): boolean {
  const { rows, queries, group, kvHeads, sequenceCount } = launch
  if (rows <= FEW_ROWS.always) return true
  const tiles = kvHeads * blocksOf(launch).blocks * mostTiles(queries * group, sequenceCount, FEW_ROWS.ifIdle)
  return tiles < ENOUGH_GROUPS && (rows <= FEW_ROWS.ifIdle || queries <= sequenceCount)
}

/** Rows that a workgroup takes together in fours, keys of a step, and how many chunks the keys are cut into. */
function cutOf(launch: GpuLaunch) {
  const { rows, queries, group, sequenceCount, kvHeads, keys, fours } = launch
  const quads = fours && rows <= 4 ? 1 : 2
  const size = 4 * quads
  const tiles = Math.min(queries * Math.ceil(group / size), mostTiles(queries * group, sequenceCount, size))
  const { width, blocks } = blocksOf(launch)
  // Eight vectors of values an invocation, which are on their way while the scores are computed.
  const step = 4096 / width
  const tasks = tiles * kvHeads * blocks
  const chunks = Math.max(1, Math.min(Math.ceil(keys / step), Math.floor(MOST_GROUPS / Math.max(1, tasks))))
  return { quads, tiles, width, blocks, step, chunks, groups: tasks * chunks }
}

const applies = (launch: FlashLaunch): boolean => hasFewRows(gpuLaunch(launch))

/** For each row of y and each chunk Dv weighted sums; behind all of them, for each, its maximum and total. */
function workspace(launch: FlashLaunch): number {
  const seen = gpuLaunch(launch)
  return 4 * seen.queries * seen.heads * cutOf(seen).chunks * (seen.valueChannels + 2)
}

const PARAMS = [...GPU_PARAMS, 'tiles', 'blocks', 'chunks', 'statistics'] as const

const paramsOf =
  (kind: FlashKind) =>
  (launch: FlashLaunch): number[] => {
    const seen = gpuLaunch(launch)
    const { tiles, blocks, chunks } = cutOf(seen)
    const statistics = seen.queries * seen.heads * chunks * seen.valueChannels
    return [...gpuParams(launch, kind), tiles, blocks, chunks, statistics]
  }

const range = (count: number): number[] => [...Array(count).keys()]

const chunksOf = (kind: FlashKind) =>
  defineWgsl({
    applies,
    variant(launch: FlashLaunch) {
      const seen = gpuLaunch(launch)
      const { quads, step, width } = cutOf(seen)
      return [quads, step, width, Number(seen.fours), Number(launch.attributes.softcap > 0)].join(' ')
    },
    paramNames: PARAMS,
    params: paramsOf(kind),
    groups: (launch: FlashLaunch) => cutOf(gpuLaunch(launch)).groups,
    workspace,
    buffers: [...forwardBuffers(kind, ['y', 'lse']), { name: 'parts', access: 'write' }] as readonly WgslBuffer[],
    vectors: (launch: FlashLaunch) => (gpuLaunch(launch).fours ? ['q', 'k', 'v'] : []),
    text(context) {
      const { p, load, store, variant } = context
      const [quads = 1, step = 64, width = 64, byFours, capped] = variant.split(' ').map(Number)
      const int8 = kind === 'int8'
      const of = { ...context, fours: byFours === 1, int8 }
      const scores = gpuScores(context, kind, capped === 1)
      const lookUp = keyRows(step)
      const keyAt = (key: string): string => lookUp.row('at0', key)
      const scaleOf = (key: string, which: number): string => load('scales', `2 * ${keyAt(key)} + ${which}`)
      const all = range(quads)
      const four = range(4)
      const passes = range(step / AT_ONCE)
      /** Vectors of a row of the result; as many invocations share a value's channels. */
      const vectors = width / 4
      const readers = INVOCATIONS / vectors
      const values = range(step / readers)
      const rowOf = (quad: number, i: number): string => `min(row0 + ${4 * quad + i}, rowsInAll - 1)`
      const queryAt = (row: string): string => `query_row(queryBegin, kvHead, ${row})`
      const dot = (a: string, b: string, sum: string): string =>
        ['x', 'y', 'z', 'w'].reduce((inner, d) => `fma(${a}.${d}, ${b}.${d}, ${inner})`, sum)
      /** The place of a row's part among those of all rows and chunks. */
      const partAt = (row: string): string => `${queryAt(row)} * ${p('chunks')} + chunk`
      return {
        workgroupSize: INVOCATIONS,
        declarations: `var<workgroup> joined: array<vec4<f32>, ${Math.max(step * (LANES + 1), 4 * INVOCATIONS)}>;
var<workgroup> scores: array<vec4<f32>, ${quads * step}>;
var<workgroup> tops: array<vec4<f32>, ${quads * 16}>;
${lookUp.declarations}${scores.declarations}${fetchFunctions(of)}${queryRow(context)}${keyRow(context)}`,
        body: `  let channel0 = (group % ${p('blocks')}) * ${width};
  let task0 = group / ${p('blocks')};
  let chunk = task0 % ${p('chunks')};
  let task = task0 / ${p('chunks')};
  let tile = task % ${p('tiles')};
  let kvHead = task / ${p('tiles')};
${findTile(context, { of: 'rows', size: 4 * quads })}
  let row0 = number * ${4 * quads};
${declareKeys(context)}
  var earliest = ${NO_KEY};
  var latest = 0;
${all
  .map(
    (quad) => `  var first${quad} = vec4<i32>(0);
  var end${quad} = vec4<i32>(0);
${four
  .map((i) => {
    const [first, end] = [`first${quad}[${i}]`, `end${quad}[${i}]`]
    const seen = spanOfRow(context, first, end)
    return `${rangeOfRow(context, { row: rowOf(quad, i), inside: 'true', first, end })}
  earliest = min(earliest, ${seen.earliest});
  latest = max(latest, ${seen.latest});
  let q${quad}_${i} = ${queryAt(rowOf(quad, i))};${kind === 'biased' ? `\n  let bias${quad}_${i} = bias_row(q${quad}_${i});` : ''}`
  })
  .join('\n')}
  var largest${quad} = START;
  var total${quad} = vec4<f32>(0.0);
${four.map((i) => `  var sum${quad}_${i} = vec4<f32>(0.0);`).join('\n')}`,
  )
  .join('\n')}
${declareRun(context, 'earliest', 'latest')}
  let steps = (keysInAll + ${step - 1}) / ${step};
  let chunkKeys = ((steps + ${p('chunks')} - 1) / ${p('chunks')}) * ${step};
  let chunkEnd = min((chunk + 1) * chunkKeys, keysInAll);
  if (chunk * chunkKeys >= chunkEnd) {
    // Nothing is left for it; its total says so.
    if (channel0 == 0 && lid < min(${4 * quads}, rowsInAll - row0)) {
      let at = ${partAt('row0 + lid')};
      ${store('parts', `${p('statistics')} + 2 * at`, 'START.x')}
      ${store('parts', `${p('statistics')} + 2 * at + 1`, '0.0')}
    }
    return;
  }
  let lane = lid % ${LANES};
  let vector = lid % ${vectors};
  let reader = lid / ${vectors};
  let channel = channel0 + 4 * vector;
${lookUp.first('chunk * chunkKeys')}
  for (var at0 = chunk * chunkKeys; at0 < chunkEnd; at0 += ${step}) {
    let count = chunkEnd - at0;
${lookUp.next('at0')}
${values
  .map((i) => {
    const key = `reader + ${i * readers}`
    const left = `select(0, ${p('valueChannels')} - channel, ${key} < count)`
    const value = fetch(of, 'v', `${keyAt(key)} * ${p('valueStride')} + channel`, left)
    return `    let value${i} = ${value}${int8 ? ` * ${scaleOf(key, 1)}` : ''};`
  })
  .join('\n')}
${passes
  .map((i) => {
    const key = `lid / ${LANES} + ${i * AT_ONCE}`
    return `    let keyAt${i} = ${keyAt(key)} * ${p('channels')};
    let inside${i} = ${key} < count;
${all.map((quad) => `    var part${quad}_${i} = vec4<f32>(0.0);`).join('\n')}`
  })
  .join('\n')}
    for (var d = 4 * lane; d < ${p('channels')}; d += ${4 * LANES}) {
${passes.map((i) => `      let k${i} = ${fetch(of, 'k', `keyAt${i} + d`, `select(0, ${p('channels')} - d, inside${i})`)};`).join('\n')}
${all
  .flatMap((quad) =>
    four.map((i) => {
      const row = `row${quad}_${i}`
      const terms = passes.map((pass) => {
        const part = `part${quad}_${pass}.${'xyzw'[i]}`
        return `${part} = ${dot(row, `k${pass}`, part)};`
      })
      return `      let ${row} = ${fetch(of, 'q', `q${quad}_${i} * ${p('channels')} + d`, `${p('channels')} - d`)};\n      ${terms.join(' ')}`
    }),
  )
  .join('\n')}
    }
    let key = ${keyOf('at0 + lid')};
${all
  .map(
    (
      quad,
    ) => `${passes.map((i) => `    joined[(lid / ${LANES} + ${i * AT_ONCE}) * ${LANES + 1} + lane] = part${quad}_${i};`).join('\n')}
    workgroupBarrier();
    var score${quad} = vec4<f32>(0.0);
    var seen${quad} = ${isSeen(context, 'key', `first${quad}`, `end${quad}`)} & vec4<bool>(lid < min(count, ${step}));
    if (lid < ${step}) {
      for (var other = 0; other < ${LANES}; other++) { score${quad} += joined[lid * ${LANES + 1} + other]; }
${int8 ? `      score${quad} *= ${scaleOf('lid', 0)};\n` : ''}${scores.scores(`score${quad}`, 'tanh')}
${scores.addBias(`score${quad}`, `seen${quad}`, (i) => `bias${quad}_${i} + key`)}
      scores[${quad * step} + lid] = select(START, score${quad}, seen${quad});
    }
    workgroupBarrier();`,
  )
  .join('\n')}
    if (lid < ${8 * quads}) {
      var high = START;
      for (var other = lid % 8; other < ${step}; other += 8) { high = max(high, scores[(lid / 8) * ${step} + other]); }
      tops[lid] = high;
    }
    workgroupBarrier();
${all
  .map(
    (quad) => `    var top${quad} = largest${quad};
    for (var other = 0; other < 8; other++) { top${quad} = max(top${quad}, tops[${8 * quad} + other]); }
    let fade${quad} = ${scores.fade(`largest${quad}`, `top${quad}`)};
    largest${quad} = top${quad};
    total${quad} *= fade${quad};
${four.map((i) => `    sum${quad}_${i} *= fade${quad}[${i}];`).join('\n')}
    if (lid < ${step}) {
      scores[${quad * step} + lid] = select(vec4<f32>(0.0), ${scores.weights(`score${quad}`, `top${quad}`)}, seen${quad});
    }`,
  )
  .join('\n')}
    workgroupBarrier();
${all
  .flatMap((quad) =>
    values.map(
      (i) => `    {
      let w = scores[${quad * step + i * readers} + reader];
      total${quad} += w;
${four.map((row) => `      sum${quad}_${row} = fma(vec4<f32>(w[${row}]), value${i}, sum${quad}_${row});`).join('\n')}
    }`,
    ),
  )
  .join('\n')}
  }
  // The readers' sums, joined; a result has its place by row and chunk.
${all
  .map(
    (quad) => `  workgroupBarrier();
${four.map((i) => `  joined[${i * INVOCATIONS} + lid] = sum${quad}_${i};`).join('\n')}
  if (vector == 0) { tops[reader] = total${quad}; }
  workgroupBarrier();
  if (lid < ${width}) {
    let i = lid / ${vectors};
    let row = row0 + ${4 * quad} + i;
    var result = vec4<f32>(0.0);
    for (var other = 0; other < ${readers}; other++) {
      result += joined[i * ${INVOCATIONS} + other * ${vectors} + vector];
    }
    if (row < rowsInAll) {
      let at = ${partAt('row')};
${four.map((d) => `      if (channel + ${d} < ${p('valueChannels')}) { ${store('parts', `at * ${p('valueChannels')} + channel + ${d}`, `result[${d}]`)} }`).join('\n')}
      if (vector == 0 && channel0 == 0) {
        var total = vec4<f32>(0.0);
        for (var other = 0; other < ${readers}; other++) { total += tops[other]; }
        ${store('parts', `${p('statistics')} + 2 * at`, `largest${quad}[i]`)}
        ${store('parts', `${p('statistics')} + 2 * at + 1`, 'total[i]')}
      }
    }
  }`,
  )
  .join('\n')}`,
      }
    },
  })

/** A workgroup a row of y: of the chunks of its keys those with a total are there, if it is of a sequence. */
const joinOf = (kind: FlashKind) =>
  defineWgsl({
    applies,
    variant: (_: FlashLaunch, gpu) => `${gpu.subgroups}`,
    paramNames: PARAMS,
    params: paramsOf(kind),
    groups({ inputs }: FlashLaunch) {
      const [queries, heads] = (inputs[0] as KernelOperand).view.shape as [number, number]
      return queries * heads
    },
    workspace,
    buffers: [
      ...forwardBuffers(kind, ['q', 'k', 'v', 'ranges', 'bias', 'scales']),
      { name: 'parts', access: 'read' },
    ] as readonly WgslBuffer[],
    text(context) {
      const { p, load, store, gpu } = context
      const owner = reduceWorkgroup('max', JOINERS, gpu, { type: 'i32', name: 'owner' })
      const maximum = reduceWorkgroup('max', JOINERS, gpu)
      const statistic = (which: number): string =>
        load('parts', `${p('statistics')} + 2 * (group * ${p('chunks')} + chunk) + ${which}`)
      const scores = gpuScores(context, kind, false)
      const word = (at: number): string => load('sequences', `sequence * ${p('tableWidth')} + ${at}`)
      return {
        workgroupSize: JOINERS,
        usesSubgroups: gpu.subgroups,
        declarations: `${owner.declarations}${maximum.declarations}const START = -3.4028234e38;\n`,
        body: `  let query = group / ${p('heads')};
  var owned = 0;
  for (var sequence = lid; sequence < ${p('sequenceCount')}; sequence += ${JOINERS}) {
    if (query >= ${word(0)} && query < ${word(1)}) { owned = 1; }
  }
${owner.statements('owned', 'isOwned')}
  let chunks = isOwned * ${p('chunks')};
  var high = START;
  for (var chunk = lid; chunk < chunks; chunk += ${JOINERS}) { high = max(high, ${statistic(0)}); }
${maximum.statements('high', 'largest')}
  var total = 0.0;
  for (var chunk = 0; chunk < chunks; chunk++) { total = fma(${statistic(1)}, ${scores.fade(statistic(0), 'largest', 'f32')}, total); }
  let empty = total == 0.0;
  for (var d = lid; d < ${p('valueChannels')}; d += ${JOINERS}) {
    var sum = 0.0;
    for (var chunk = 0; chunk < chunks; chunk++) {
      // Of an empty chunk there are no sums.
      if (bitcast<u32>(${statistic(1)}) == 0u) { continue; }
      sum = fma(${load('parts', `(group * ${p('chunks')} + chunk) * ${p('valueChannels')} + d`)}, ${scores.fade(statistic(0), 'largest', 'f32')}, sum);
    }
    ${store('y', `group * ${p('valueChannels')} + d`, 'select(sum / total, 0.0, empty)')}
  }
  if (lid == 0) {
    ${store('lse', 'group', `select(${scores.toLse('largest')} + f_log(total), from_bits(0xff800000u), empty)`)}
  }`,
      }
    },
  })

export const fewQueries = (kind: FlashKind) => [chunksOf(kind), joinOf(kind)]
