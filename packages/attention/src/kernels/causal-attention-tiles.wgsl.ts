import type { KernelLaunch } from '@almanac/tensor-core'
import { defineWgsl } from '@almanac/tensor-core/wgsl'
import type { AttentionAttributes } from './attention-launch.js'
import { hasFewRows } from './few-queries.wgsl.js'
import { GPU_PARAMS, gpuLaunch, gpuParams } from './gpu-launch.js'
import { beginTile, tileLaunch } from './tile-launch.js'
import {
  accumulate,
  COLUMNS,
  columnsOf,
  declareSide,
  declareSums,
  FOUR_ROWS,
  invocationsOf,
  joinLanes,
  product,
  putWeights,
  storeSums,
  tileMemory,
  tileOfVariant,
  tokenFunctions,
  vectorsOf,
  WEIGHT,
} from './workgroup-tile.js'

const { tiles, variant, groups } = tileLaunch('rows')

/**
 * Flash attention (Dao 2023, arXiv 2307.08691, algorithm 1): a workgroup takes a tile of a kv head's rows and walks the keys
 * from the first that one of them sees to the last, with a running maximum and sum a row. Maxima start at a finite number,
 * because WGSL may assume that there are no infinities. Late tiles, which see most, come first.
 */
export const attentionTiles = defineWgsl({
  applies: (launch: KernelLaunch<AttentionAttributes>) => !hasFewRows(gpuLaunch(launch)),
  variant,
  paramNames: [...GPU_PARAMS, 'tiles'],
  params: (launch: KernelLaunch<AttentionAttributes>) => [...gpuParams(launch), tiles(launch)],
  groups,
  buffers: [
    { name: 'q', access: 'read' },
    { name: 'k', access: 'read' },
    { name: 'v', access: 'read' },
    { name: 'starts', access: 'read' },
    { name: 'firsts', access: 'read' },
    { name: 'y', access: 'write' },
    { name: 'lse', access: 'write' },
  ],
  vectors: (launch: KernelLaunch<AttentionAttributes>) => (gpuLaunch(launch).fours ? ['q', 'k', 'v'] : []),
  text({ p, f, load, load4, store, variant }) {
    const { tile, fours } = tileOfVariant(variant)
    const { rows } = tile
    const context = { p, load4, fours }
    const columns = columnsOf(tile)
    const seenBy = FOUR_ROWS.map((i) => {
      const token = `batch * ${p('time')} + t`
      return `  if (4 * r + ${i} < rows) {
    let t = (row0 + 4 * r + ${i}) / ${p('group')};
    first[${i}] = max(${load('firsts', token)}, 0);
    end[${i}] = min(start + t + 1, ${p('keys')});
  }`
    })
    return {
      workgroupSize: invocationsOf(tile),
      declarations: `${tileMemory(tile)}var<workgroup> earliest: atomic<i32>;
var<workgroup> begin: i32;
const START = vec4<f32>(-3.4028234e38);
${WEIGHT}${tokenFunctions(context)}`,
      body: `${beginTile(tile, context)}
  let row0 = (${p('tiles')} - 1 - tile) * ${rows};
  let rows = min(${rows}, ${p('rows')} - row0);
  let start = ${load('starts', 'batch')};
  var first = vec4<i32>(0);
  var end = vec4<i32>(0);
${seenBy.join('\n')}
  if (lid == 0) { atomicStore(&earliest, ${p('keys')}); }
  workgroupBarrier();
  if (c == 0) {
${FOUR_ROWS.map((i) => `    if (first[${i}] < end[${i}]) { atomicMin(&earliest, first[${i}]); }`).join('\n')}
  }
  workgroupBarrier();
  if (lid == 0) { begin = atomicLoad(&earliest); }
  let keyBegin = workgroupUniformLoad(&begin);
  let keyEnd = min(start + (row0 + rows - 1) / ${p('group')} + 1, ${p('keys')});
${declareSide(tile, context, {
  name: 'a',
  at: (row) => `query_at(batch, kvHead, row0 + ${row})`,
  inside: (row) => `${row} < rows`,
})}
  var largest = START;
  var total = vec4<f32>(0.0);
${declareSums(tile, 'sum')}
  for (var key0 = keyBegin; key0 < keyEnd; key0 += ${COLUMNS}) {
    let count = min(${COLUMNS}, keyEnd - key0);
${declareSide(tile, context, {
  name: 'b',
  at: (row) => `key_at(batch, kvHead, key0 + ${row})`,
  inside: (row) => `${row} < count`,
})}
${product(tile, context, { a: 'q', b: 'k', into: 'score' })}
    var high = START;
${columns
  .map(
    (
      j,
    ) => `    let seen${j} = (vec4<i32>(key0 + c + ${tile.lanes * j}) >= first) & (vec4<i32>(key0 + c + ${tile.lanes * j}) < end);
    score${j} *= ${f('scale')};
    high = max(high, select(START, score${j}, seen${j}));`,
  )
  .join('\n')}
${joinLanes(tile, { value: 'high', into: 'top', join: (a, b) => `max(${a}, ${b})` })}
    top = max(top, largest);
    let fade = exp2(largest - top);
    largest = top;
    total *= fade;
${FOUR_ROWS.flatMap((i) => vectorsOf(tile).map((j) => `    sum${i}_${j} *= fade[${i}];`)).join('\n')}
${columns
  .map(
    (j) => `    let weight${j} = select(vec4<f32>(0.0), weight(score${j} - top), seen${j});
    total += weight${j};
    ${putWeights(tile, j, `weight${j}`)}`,
  )
  .join('\n')}
${accumulate(tile, context, {
  x: 'v',
  sums: 'sum',
  count: 'count',
  at: (column) => `key_at(batch, kvHead, key0 + ${column})`,
})}
  }
${joinLanes(tile, { value: 'total', into: 'all', join: (a, b) => `${a} + ${b}` })}
  let empty = (first >= end) | (all == vec4<f32>(0.0));
  let inverse = 1.0 / all;
${storeSums(tile, context, {
  sums: 'sum',
  value: (i, sum) => `select(${sum} * inverse[${i}], vec4<f32>(0.0), empty[${i}])`,
  inside: (i) => `4 * r + ${i} < rows`,
  at: (i) => `query_at(batch, kvHead, row0 + 4 * r + ${i})`,
  store: (at, value) => store('y', at, value),
})}
  if (c == 0 && channel0 == 0) {
${FOUR_ROWS.map((i) => {
  const value = `select(largest[${i}] * ${Math.LN2} + f_log(all[${i}]), from_bits(0xff800000u), empty[${i}])`
  return `    if (4 * r + ${i} < rows) { ${store('lse', `query_at(batch, kvHead, row0 + 4 * r + ${i})`, value)} }`
}).join('\n')}
  }`,
    }
  },
})
