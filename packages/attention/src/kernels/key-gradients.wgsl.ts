import { defineWgsl } from '@almanac/tensor-core/wgsl'
import { findTile, placesOf, queryRow } from './find-tile.js'
import type { FlashKind } from './gpu-launch.js'
import { gpuScores } from './gpu-scores.js'
import { gradientLaunch } from './gradient-launch.js'
import { RECORD_ROWS } from './record-rows.js'
import { groupWord, recordWord } from './row-records.wgsl.js'
import { beginTile, tileOfVariant } from './tile-launch.js'
import {
  accumulate,
  COLUMNS,
  columnsOf,
  declareSide,
  declareSums,
  fetchFunctions,
  invocationsOf,
  product,
  putWeights,
  storeSums,
  tileMemory,
} from './workgroup-tile.js'

/**
 * dv = sum_t w dy and dk = scale sum_t g q, with w and g as in `queryGradients`: a workgroup a tile of keys, which walks those
 * rows of all heads of the group that may see one of them. No other adds to its results.
 */
export const keyGradients = (kind: FlashKind) =>
  defineWgsl({
    // Two results of 128 channels in eight lanes would take more registers than an invocation has.
    ...gradientLaunch(kind, ['dk', 'dv'], {
      side: 'keys',
      channels: ({ channels, valueChannels }) => Math.max(channels, valueChannels),
      lanesOf: (width) => (width === 128 ? 16 : 8),
    }),
    text(context) {
      const { p, f, variant } = context
      const { tile, fours, capped } = tileOfVariant(variant)
      const of = { ...context, fours, int8: false }
      const scores = gpuScores(context, kind, capped)
      const columns = columnsOf(tile)
      const [channels, valueChannels] = [p('channels'), p('valueChannels')]
      const queryAt = (row: string): string => `query_row(queryBegin, kvHead, row0 + ${row})`
      const keyAt = (row: string): string => `((place0 + ${row}) * ${p('kvHeads')} + kvHead)`
      const results = (name: 'dk' | 'dv', width: string, factor: string): string =>
        storeSums(tile, of, {
          sums: name,
          into: { buffer: name, channels: width },
          value: (_, sum) => `${sum}${factor}`,
          inside: (i) => `4 * r + ${i} < count`,
          at: (i) => keyAt(`4 * r + ${i}`),
        })
      return {
        workgroupSize: invocationsOf(tile),
        declarations: `${tileMemory(tile)}${scores.declarations}${fetchFunctions(of)}${queryRow(context)}${placesOf(context)}`,
        body: `${beginTile(tile, context)}
${findTile(context, { of: 'keys', size: tile.rows })}
  let key0 = number * ${tile.rows};
  let place0 = first_place(sequence) + key0;
  let count = min(${tile.rows}, places_of(sequence) - key0);
  let keys = vec4<i32>(key0 + 4 * r) + vec4<i32>(0, 1, 2, 3);
${declareSide(tile, { name: 'a', at: keyAt, inside: (row) => `${row} < count` })}
${declareSums(tile, 'dk')}
${declareSums(tile, 'dv')}
  for (var row0 = 0; row0 < rowsInAll; row0 += ${COLUMNS}) {
    let earliest = ${groupWord(context, `row0 / ${RECORD_ROWS}`, 0)};
    let latest = ${groupWord(context, `row0 / ${RECORD_ROWS}`, 1)};
    if ((earliest >= key0 + count && key0 >= ${p('sinks')}) || latest <= key0) { continue; }
    let rows = min(${COLUMNS}, rowsInAll - row0);
${declareSide(tile, { name: 'b', at: queryAt, inside: (row) => `${row} < rows` })}
${product(tile, of, { a: { buffer: 'k', channels }, b: { buffer: 'q', channels }, into: 'score' })}
${product(tile, of, { a: { buffer: 'v', channels: valueChannels }, b: { buffer: 'dy', channels: valueChannels }, into: 'change' })}
${columns
  .map((j) => {
    const row = `c + ${tile.lanes * j}`
    const word = (which: number): string => recordWord(context, `row0 + ${row}`, which)
    const inside = `vec4<bool>(${row} < rows)`
    const near = `((keys >= vec4<i32>(${word(2)})) | (keys < vec4<i32>(${p('sinks')})))`
    return `    let lse${j} = vec4<f32>(bitcast<f32>(${word(0)}));
    var seen${j} = ${near} & (keys < vec4<i32>(${word(3)})) & ${inside};
${kind === 'biased' ? `    let biasAt${j} = bias_row(${queryAt(row)});\n` : ''}${scores.scores(`score${j}`, `tanh${j}`)}
${scores.addBias(`score${j}`, `seen${j}`, (i) => `biasAt${j} + keys[${i}]`)}
    let w${j} = select(vec4<f32>(0.0), ${scores.weights(`score${j}`, `lse${j}`)}, seen${j});
    let g${j} = select(vec4<f32>(0.0), ${scores.gradient(`w${j} * (change${j} - bitcast<f32>(${word(1)}))`, `tanh${j}`)}, seen${j});
    ${putWeights(tile, j, `w${j}`)}`
  })
  .join('\n')}
${accumulate(tile, of, { x: { buffer: 'dy', channels: valueChannels }, sums: 'dv', count: 'rows', at: queryAt })}
${columns.map((j) => `    ${putWeights(tile, j, `g${j}`)}`).join('\n')}
${accumulate(tile, of, { x: { buffer: 'q', channels }, sums: 'dk', count: 'rows', at: queryAt })}
  }
${results('dv', valueChannels, '')}
${results('dk', channels, ` * ${f('factor')}`)}`,
      }
    },
  })
