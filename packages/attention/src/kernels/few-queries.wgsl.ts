import type { KernelLaunch, KernelOperand } from '@almanac/tensor-core'
import { defineWgsl, ENOUGH_GROUPS, reduceWorkgroup } from '@almanac/tensor-core/wgsl'
import type { AttentionAttributes } from './attention-launch.js'
import { GPU_PARAMS, type GpuLaunch, gpuLaunch, gpuParams } from './gpu-launch.js'
import { fetch, tokenFunctions, WEIGHT } from './workgroup-tile.js'

/*
 * Attention of few queries over many keys, as in decoding: the keys of a head are cut into chunks, so that all cores have
 * work though there are few heads. One kernel leaves maximum, total and weighted sum of each chunk, a second one joins them
 * (Dao et al. 2023, "Flash-Decoding for long-context inference"). How the keys are cut depends on shapes alone.
 */

/** Rows of a kv head up to which this is the faster way, and up to which it is where tiles would leave cores idle. */
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

export const hasFewRows = ({ rows, kvRows }: GpuLaunch): boolean =>
  rows <= FEW_ROWS.always || (rows <= FEW_ROWS.ifIdle && kvRows < ENOUGH_GROUPS)

/** Rows that a workgroup takes together in fours, keys of a step, and how keys are cut into chunks. */
function cutOf(launch: GpuLaunch) {
  const quads = launch.rows <= 4 ? 1 : 2
  const rowBlocks = Math.ceil(launch.rows / (4 * quads))
  // Eight vectors of values an invocation, which are on their way while the scores are computed.
  const step = Math.min(64, 4096 / launch.width)
  const steps = Math.ceil(launch.keys / step)
  const tasks = launch.kvRows * rowBlocks * launch.blocks
  const chunk = step * Math.max(1, Math.floor((steps * tasks) / MOST_GROUPS))
  const chunks = Math.ceil(launch.keys / chunk)
  return { quads, rowBlocks, step, chunk, chunks, groups: tasks * chunks }
}

const applies = (launch: KernelLaunch<AttentionAttributes>): boolean => hasFewRows(gpuLaunch(launch))

/** For each row of y and each chunk D weighted sums; behind all of them, for each, its maximum and total. */
function workspace(launch: KernelLaunch<AttentionAttributes>): number {
  const seen = gpuLaunch(launch)
  return 4 * seen.batch * seen.time * seen.heads * cutOf(seen).chunks * (seen.channels + 2)
}

const PARAMS = [...GPU_PARAMS, 'rowBlocks', 'chunk', 'chunks', 'statistics'] as const

function params(launch: KernelLaunch<AttentionAttributes>): number[] {
  const seen = gpuLaunch(launch)
  const { rowBlocks, chunk, chunks } = cutOf(seen)
  const statistics = seen.batch * seen.time * seen.heads * chunks * seen.channels
  return [...gpuParams(launch), rowBlocks, chunk, chunks, statistics]
}

const range = (count: number): number[] => [...Array(count).keys()]

const chunks = defineWgsl({
  applies,
  variant(launch: KernelLaunch<AttentionAttributes>) {
    const seen = gpuLaunch(launch)
    const { quads, step } = cutOf(seen)
    return [quads, step, seen.width, seen.fours ? 1 : 0].join(' ')
  },
  paramNames: PARAMS,
  params,
  groups: (launch: KernelLaunch<AttentionAttributes>) => cutOf(gpuLaunch(launch)).groups,
  workspace,
  buffers: [
    { name: 'q', access: 'read' },
    { name: 'k', access: 'read' },
    { name: 'v', access: 'read' },
    { name: 'starts', access: 'read' },
    { name: 'firsts', access: 'read' },
    { name: 'y', access: 'write', unused: true },
    { name: 'lse', access: 'write', unused: true },
    { name: 'parts', access: 'write' },
  ],
  vectors: (launch: KernelLaunch<AttentionAttributes>) => (gpuLaunch(launch).fours ? ['q', 'k', 'v'] : []),
  text({ p, f, load, load4, store, variant }) {
    const [quads, step, width, byFours] = variant.split(' ').map(Number) as [number, number, number, number]
    const context = { p, load4, fours: byFours === 1 }
    const all = range(quads)
    const four = range(4)
    const passes = range(step / AT_ONCE)
    /** Vectors of a row of the result; as many invocations share a value's channels. */
    const vectors = width / 4
    const readers = INVOCATIONS / vectors
    const values = range(step / readers)
    const rowOf = (quad: number, i: number): string => `min(row0 + ${4 * quad + i}, ${p('rows')} - 1)`
    const dot = (a: string, b: string, sum: string): string =>
      ['x', 'y', 'z', 'w'].reduce((inner, d) => `fma(${a}.${d}, ${b}.${d}, ${inner})`, sum)
    return {
      workgroupSize: INVOCATIONS,
      declarations: `var<workgroup> joined: array<vec4<f32>, ${Math.max(step * (LANES + 1), 4 * INVOCATIONS)}>;
var<workgroup> scores: array<vec4<f32>, ${quads * step}>;
var<workgroup> tops: array<vec4<f32>, ${quads * 16}>;
const START = vec4<f32>(-3.4028234e38);
${WEIGHT}${tokenFunctions(context)}`,
      body: `  let row0 = (group % ${p('rowBlocks')}) * ${4 * quads};
  let task0 = group / ${p('rowBlocks')};
  let channel0 = (task0 % ${p('blocks')}) * ${width};
  let task = task0 / ${p('blocks')};
  let chunk = task % ${p('chunks')};
  let head = task / ${p('chunks')};
  let batch = head / ${p('kvHeads')};
  let kvHead = head % ${p('kvHeads')};
  let start = ${load('starts', 'batch')};
  var keyBegin = ${p('keys')};
  var keyEnd = 0;
${all
  .map(
    (quad) => `  var first${quad} = vec4<i32>(0);
  var end${quad} = vec4<i32>(0);
${four
  .map(
    (i) => `  {
    let t = ${rowOf(quad, i)} / ${p('group')};
    let first = max(${load('firsts', `batch * ${p('time')} + t`)}, 0);
    let end = min(start + t + 1, ${p('keys')});
    if (first < end) {
      keyBegin = min(keyBegin, first);
      keyEnd = max(keyEnd, end);
    }
    first${quad}[${i}] = first;
    end${quad}[${i}] = end;
  }
  let q${quad}_${i} = query_at(batch, kvHead, ${rowOf(quad, i)}) * ${p('channels')};`,
  )
  .join('\n')}
  var largest${quad} = START;
  var total${quad} = vec4<f32>(0.0);
${four.map((i) => `  var sum${quad}_${i} = vec4<f32>(0.0);`).join('\n')}`,
  )
  .join('\n')}
  keyBegin = max(keyBegin, chunk * ${p('chunk')});
  keyEnd = min(keyEnd, (chunk + 1) * ${p('chunk')});
  if (keyBegin >= keyEnd) { return; }
  let lane = lid % ${LANES};
  let vector = lid % ${vectors};
  let reader = lid / ${vectors};
  let channel = channel0 + 4 * vector;
  for (var key0 = keyBegin; key0 < keyEnd; key0 += ${step}) {
${values
  .map((i) => {
    const key = `key0 + reader + ${i * readers}`
    const left = `select(0, ${p('channels')} - channel, ${key} < keyEnd)`
    return `    let value${i} = ${fetch(context, 'v', `key_at(batch, kvHead, ${key}) * ${p('channels')} + channel`, left)};`
  })
  .join('\n')}
${passes
  .map((i) => {
    const key = `key0 + lid / ${LANES} + ${i * AT_ONCE}`
    return `    let keyAt${i} = key_at(batch, kvHead, ${key}) * ${p('channels')};
    let inside${i} = ${key} < keyEnd;
${all.map((quad) => `    var part${quad}_${i} = vec4<f32>(0.0);`).join('\n')}`
  })
  .join('\n')}
    for (var d = 4 * lane; d < ${p('channels')}; d += ${4 * LANES}) {
${passes.map((i) => `      let k${i} = ${fetch(context, 'k', `keyAt${i} + d`, `select(0, ${p('channels')} - d, inside${i})`)};`).join('\n')}
${all
  .flatMap((quad) =>
    four.map((i) => {
      const row = `row${quad}_${i}`
      const terms = passes.map((pass) => {
        const part = `part${quad}_${pass}.${'xyzw'[i]}`
        return `${part} = ${dot(row, `k${pass}`, part)};`
      })
      return `      let ${row} = ${fetch(context, 'q', `q${quad}_${i} + d`, `${p('channels')} - d`)};\n      ${terms.join(' ')}`
    }),
  )
  .join('\n')}
    }
    let key = key0 + lid;
${all
  .map(
    (
      quad,
    ) => `${passes.map((i) => `    joined[(lid / ${LANES} + ${i * AT_ONCE}) * ${LANES + 1} + lane] = part${quad}_${i};`).join('\n')}
    workgroupBarrier();
    var score${quad} = vec4<f32>(0.0);
    let seen${quad} = (vec4<i32>(key) >= first${quad}) & (vec4<i32>(key) < end${quad}) & vec4<bool>(key < keyEnd);
    if (lid < ${step}) {
      for (var other = 0; other < ${LANES}; other++) { score${quad} += joined[lid * ${LANES + 1} + other]; }
      score${quad} *= ${f('scale')};
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
    let fade${quad} = exp2(largest${quad} - top${quad});
    largest${quad} = top${quad};
    total${quad} *= fade${quad};
${four.map((i) => `    sum${quad}_${i} *= fade${quad}[${i}];`).join('\n')}
    if (lid < ${step}) {
      scores[${quad * step} + lid] = select(vec4<f32>(0.0), weight(score${quad} - top${quad}), seen${quad});
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
    if (row < ${p('rows')}) {
      let at = query_at(batch, kvHead, row) * ${p('chunks')} + chunk;
${four.map((d) => `      if (channel + ${d} < ${p('channels')}) { ${store('parts', `at * ${p('channels')} + channel + ${d}`, `result[${d}]`)} }`).join('\n')}
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

/** A workgroup a row of y. Of each row the chunks of the keys that it sees are there. */
const join = defineWgsl({
  applies,
  variant: (_: KernelLaunch<AttentionAttributes>, gpu) => `${gpu.subgroups}`,
  paramNames: PARAMS,
  params,
  groups({ inputs }: KernelLaunch<AttentionAttributes>) {
    const [q] = inputs as [KernelOperand]
    const [batch, time, heads] = q.view.shape as [number, number, number]
    return batch * time * heads
  },
  workspace,
  buffers: [
    { name: 'q', access: 'read', unused: true },
    { name: 'k', access: 'read', unused: true },
    { name: 'v', access: 'read', unused: true },
    { name: 'starts', access: 'read' },
    { name: 'firsts', access: 'read' },
    { name: 'y', access: 'write' },
    { name: 'lse', access: 'write' },
    { name: 'parts', access: 'read' },
  ],
  text({ p, load, store, gpu }) {
    const maximum = reduceWorkgroup('max', JOINERS, gpu)
    const statistic = (which: number): string =>
      load('parts', `${p('statistics')} + 2 * (group * ${p('chunks')} + chunk) + ${which}`)
    const factor = `exp2(${statistic(0)} - largest)`
    return {
      workgroupSize: JOINERS,
      usesSubgroups: gpu.subgroups,
      declarations: maximum.declarations,
      body: `  let token = group / ${p('heads')};
  let end = min(${load('starts', `token / ${p('time')}`)} + token % ${p('time')} + 1, ${p('keys')});
  let first = max(${load('firsts', 'token')}, 0);
  let chunkBegin = first / ${p('chunk')};
  let chunkEnd = select(chunkBegin, (end - 1) / ${p('chunk')} + 1, first < end);
  var high = -3.4028234e38;
  for (var chunk = chunkBegin + lid; chunk < chunkEnd; chunk += ${JOINERS}) { high = max(high, ${statistic(0)}); }
${maximum.statements('high', 'largest')}
  var total = 0.0;
  for (var chunk = chunkBegin; chunk < chunkEnd; chunk++) { total = fma(${statistic(1)}, ${factor}, total); }
  let empty = first >= end || total == 0.0;
  for (var d = lid; d < ${p('channels')}; d += ${JOINERS}) {
    var sum = 0.0;
    for (var chunk = chunkBegin; chunk < chunkEnd; chunk++) {
      sum = fma(${load('parts', `(group * ${p('chunks')} + chunk) * ${p('channels')} + d`)}, ${factor}, sum);
    }
    ${store('y', `group * ${p('channels')} + d`, 'select(sum / total, 0.0, empty)')}
  }
  if (lid == 0) {
    ${store('lse', 'group', `select(largest * ${Math.LN2} + f_log(total), from_bits(0xff800000u), empty)`)}
  }`,
    }
  },
})

export const fewQueries = [chunks, join]
