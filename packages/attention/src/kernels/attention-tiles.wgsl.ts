import { defineWgsl, type WgslBuffer } from '@almanac/tensor-core/wgsl'
import { hasFewRows } from './few-queries.wgsl.js'
import { findTile, keyRow, queryRow } from './find-tile.js'
import { forwardBuffers } from './gpu-forward-buffers.js'
import { type FlashKind, type FlashLaunch, GPU_PARAMS, gpuLaunch, gpuParams } from './gpu-launch.js'
import { gpuScores } from './gpu-scores.js'
import { keyRows } from './key-rows.js'
import { declareKeys, declareRun, isSeen, keyOf, NO_KEY, rangeOfRow, spanOfRow } from './seen-keys.js'
import { beginTile, TILE_PARAMS, tileLaunch, tileOfVariant } from './tile-launch.js'
import {
  accumulate,
  COLUMNS,
  columnsOf,
  declareSide,
  declareSums,
  FOUR_ROWS,
  fetchFunctions,
  invocationsOf,
  joinLanes,
  product,
  putWeights,
  storeSums,
  tileMemory,
  vectorsOf,
} from './workgroup-tile.js'

const { variant, params, groups } = tileLaunch({ side: 'rows', channels: ({ valueChannels }) => valueChannels })

/**
 * Flash attention (Dao 2023, arXiv 2307.08691, algorithm 1): a workgroup takes a tile of a sequence's and kv head's rows and walks
 * the keys that one of them sees, with a running maximum and sum a row. Maxima start at a finite number, because WGSL may assume
 * that there are no infinities.
 */
export const attentionTiles = (kind: FlashKind) =>
  defineWgsl({
    applies: (launch: FlashLaunch) => !hasFewRows(gpuLaunch(launch)),
    variant,
    paramNames: [...GPU_PARAMS, ...TILE_PARAMS],
    params: (launch: FlashLaunch) => [...gpuParams(launch, kind), ...params(launch)],
    groups,
    buffers: forwardBuffers(kind) as readonly WgslBuffer[],
    vectors: (launch: FlashLaunch) => (gpuLaunch(launch).fours ? ['q', 'k', 'v', 'y'] : []),
    text(context) {
      const { p, load, store, variant } = context
      const { tile, fours, capped } = tileOfVariant(variant)
      const { rows } = tile
      const int8 = kind === 'int8'
      const of = { ...context, fours, int8 }
      const scores = gpuScores(context, kind, capped)
      const lookUp = keyRows(COLUMNS)
      const columns = columnsOf(tile)
      const [channels, valueChannels] = [p('channels'), p('valueChannels')]
      const queryAt = (row: string): string => `query_row(queryBegin, kvHead, row0 + ${row})`
      const keyAt = (column: string): string => lookUp.row('at0', column)
      const scaleOf = (column: string, which: number): string => load('scales', `2 * ${keyAt(column)} + ${which}`)
      return {
        workgroupSize: invocationsOf(tile),
        declarations: `${tileMemory(tile)}${lookUp.declarations}var<workgroup> earliest: atomic<i32>;
var<workgroup> latest: atomic<i32>;
var<workgroup> span: vec2<i32>;
${scores.declarations}${fetchFunctions(of)}${queryRow(context)}${keyRow(context)}`,
        body: `${beginTile(tile, context)}
${findTile(context, { of: 'rows', size: rows })}
  let row0 = number * ${rows};
  let rows = min(${rows}, rowsInAll - row0);
${declareKeys(context)}
  var first = vec4<i32>(0);
  var end = vec4<i32>(0);
${FOUR_ROWS.map((i) =>
  rangeOfRow(context, {
    row: `row0 + 4 * r + ${i}`,
    inside: `4 * r + ${i} < rows`,
    first: `first[${i}]`,
    end: `end[${i}]`,
  }),
).join('\n')}
  if (lid == 0) {
    atomicStore(&earliest, ${NO_KEY});
    atomicStore(&latest, 0);
  }
  workgroupBarrier();
  if (c == 0) {
${FOUR_ROWS.map((i) => {
  const seen = spanOfRow(context, `first[${i}]`, `end[${i}]`)
  return `    atomicMin(&earliest, ${seen.earliest});
    atomicMax(&latest, ${seen.latest});`
}).join('\n')}
  }
  workgroupBarrier();
  if (lid == 0) { span = vec2<i32>(atomicLoad(&earliest), atomicLoad(&latest)); }
  let seenBy = workgroupUniformLoad(&span);
${declareRun(context, 'seenBy.x', 'seenBy.y')}
${kind === 'biased' ? `  var biasAt = vec4<i32>(0);\n${FOUR_ROWS.map((i) => `  biasAt[${i}] = bias_row(${queryAt(`4 * r + ${i}`)});`).join('\n')}` : ''}
${declareSide(tile, { name: 'a', at: queryAt, inside: (row) => `${row} < rows` })}
  var largest = START;
  var total = vec4<f32>(0.0);
${declareSums(tile, 'sum')}
${lookUp.first('0')}
  for (var at0 = 0; at0 < keysInAll; at0 += ${COLUMNS}) {
    let count = min(${COLUMNS}, keysInAll - at0);
${lookUp.next('at0')}
${declareSide(tile, { name: 'b', at: keyAt, inside: (row) => `${row} < count` })}
${product(tile, of, { a: { buffer: 'q', channels }, b: { buffer: 'k', channels }, into: 'score' })}
    var high = START;
${columns
  .map((j) => {
    const column = `c + ${tile.lanes * j}`
    return `    let key${j} = ${keyOf(`at0 + ${column}`)};
    var seen${j} = ${isSeen(context, `key${j}`, 'first', 'end')};
${int8 ? `    score${j} *= ${scaleOf(column, 0)};\n` : ''}${scores.scores(`score${j}`, `tanh${j}`)}
${scores.addBias(`score${j}`, `seen${j}`, (i) => `biasAt[${i}] + key${j}`)}
    high = max(high, select(START, score${j}, seen${j}));`
  })
  .join('\n')}
${joinLanes(tile, { value: 'high', into: 'top', join: (a, b) => `max(${a}, ${b})` })}
    top = max(top, largest);
    let fade = ${scores.fade('largest', 'top')};
    largest = top;
    total *= fade;
${FOUR_ROWS.flatMap((i) => vectorsOf(tile).map((j) => `    sum${i}_${j} *= fade[${i}];`)).join('\n')}
${columns
  .map((j) => {
    const value = int8 ? `weight${j} * ${scaleOf(`c + ${tile.lanes * j}`, 1)}` : `weight${j}`
    return `    let weight${j} = select(vec4<f32>(0.0), ${scores.weights(`score${j}`, 'top')}, seen${j});
    total += weight${j};
    ${putWeights(tile, j, value)}`
  })
  .join('\n')}
${accumulate(tile, of, {
  x: { buffer: 'v', channels: valueChannels, stride: p('valueStride') },
  sums: 'sum',
  count: 'count',
  at: keyAt,
})}
  }
${joinLanes(tile, { value: 'total', into: 'all', join: (a, b) => `${a} + ${b}` })}
  let empty = all == vec4<f32>(0.0);
  let inverse = 1.0 / all;
${storeSums(tile, of, {
  sums: 'sum',
  into: { buffer: 'y', channels: valueChannels },
  value: (i, sum) => `select(${sum} * inverse[${i}], vec4<f32>(0.0), empty[${i}])`,
  inside: (i) => `4 * r + ${i} < rows`,
  at: (i) => queryAt(`4 * r + ${i}`),
})}
  if (c == 0 && channel0 == 0) {
${FOUR_ROWS.map((i) => {
  const value = `select(${scores.toLse(`largest[${i}]`)} + f_log(all[${i}]), from_bits(0xff800000u), empty[${i}])`
  return `    if (4 * r + ${i} < rows) { ${store('lse', queryAt(`4 * r + ${i}`), value)} }`
}).join('\n')}
  }`,
      }
    },
  })
