import { defineWgsl } from '@almanac/tensor-core/wgsl'
import { findTile, keyRow, queryRow } from './find-tile.js'
import type { FlashKind } from './gpu-launch.js'
import { gpuScores } from './gpu-scores.js'
import { gradientLaunch } from './gradient-launch.js'
import { keyRows } from './key-rows.js'
import { RECORD_ROWS } from './record-rows.js'
import { groupWord, recordWord } from './row-records.wgsl.js'
import { declareRun, isSeen, keyOf, NO_KEY } from './seen-keys.js'
import { beginTile, tileOfVariant } from './tile-launch.js'
import {
  accumulate,
  COLUMNS,
  columnsOf,
  declareSide,
  declareSums,
  FOUR_ROWS,
  fetchFunctions,
  invocationsOf,
  product,
  putWeights,
  storeSums,
  tileMemory,
} from './workgroup-tile.js'

/**
 * dq = scale sum_s g k with g = w (dy . v - delta) and w = e^(score - lse), times the slope of the cap: a workgroup a tile of a
 * sequence's and kv head's rows.
 */
export const queryGradients = (kind: FlashKind) =>
  defineWgsl({
    ...gradientLaunch(kind, ['dq'], { side: 'rows', channels: ({ channels }) => channels }),
    text(context) {
      const { p, f, variant } = context
      const { tile, fours, capped } = tileOfVariant(variant)
      const of = { ...context, fours, int8: false }
      const scores = gpuScores(context, kind, capped)
      const lookUp = keyRows(COLUMNS)
      const [channels, valueChannels] = [p('channels'), p('valueChannels')]
      const queryAt = (row: string): string => `query_row(queryBegin, kvHead, row0 + ${row})`
      const keyAt = (column: string): string => lookUp.row('at0', column)
      // The second group of a tile of 64 rows may be of the next sequence.
      const ofGroups = (word: number, none: string, join: string): string =>
        [...Array(tile.rows / RECORD_ROWS).keys()]
          .map((i) => {
            const own = groupWord(context, `row0 / ${RECORD_ROWS} + ${i}`, word)
            return i === 0 ? own : `select(${none}, ${own}, rows > ${i * RECORD_ROWS})`
          })
          .reduce((a, b) => `${join}(${a}, ${b})`)
      return {
        workgroupSize: invocationsOf(tile),
        declarations: `${tileMemory(tile)}${lookUp.declarations}${scores.declarations}${fetchFunctions(of)}${queryRow(context)}${keyRow(context)}`,
        body: `${beginTile(tile, context)}
${findTile(context, { of: 'rows', size: tile.rows })}
  let row0 = number * ${tile.rows};
  let rows = min(${tile.rows}, rowsInAll - row0);
${declareRun(context, `(${ofGroups(0, NO_KEY, 'min')})`, `(${ofGroups(1, '0', 'max')})`)}
  var lse = vec4<f32>(0.0);
  var delta = vec4<f32>(0.0);
  var first = vec4<i32>(0);
  var end = vec4<i32>(0);
${FOUR_ROWS.map((i) => {
  const word = (which: number): string => recordWord(context, `row0 + 4 * r + ${i}`, which)
  return `  if (4 * r + ${i} < rows) {
    lse[${i}] = bitcast<f32>(${word(0)});
    delta[${i}] = bitcast<f32>(${word(1)});
    first[${i}] = ${word(2)};
    end[${i}] = ${word(3)};
  }`
}).join('\n')}
${kind === 'biased' ? `  var biasAt = vec4<i32>(0);\n${FOUR_ROWS.map((i) => `  biasAt[${i}] = bias_row(${queryAt(`4 * r + ${i}`)});`).join('\n')}` : ''}
${declareSide(tile, { name: 'a', at: queryAt, inside: (row) => `${row} < rows` })}
${declareSums(tile, 'sum')}
${lookUp.first('0')}
  for (var at0 = 0; at0 < keysInAll; at0 += ${COLUMNS}) {
    let count = min(${COLUMNS}, keysInAll - at0);
${lookUp.next('at0')}
${declareSide(tile, { name: 'b', at: keyAt, inside: (row) => `${row} < count` })}
${product(tile, of, { a: { buffer: 'q', channels }, b: { buffer: 'k', channels }, into: 'score' })}
${product(tile, of, { a: { buffer: 'dy', channels: valueChannels }, b: { buffer: 'v', channels: valueChannels }, into: 'change' })}
${columnsOf(tile)
  .map((j) => {
    const gradient = scores.gradient(`${scores.weights(`score${j}`, 'lse')} * (change${j} - delta)`, `tanh${j}`)
    return `    let key${j} = ${keyOf(`at0 + c + ${tile.lanes * j}`)};
    var seen${j} = ${isSeen(context, `key${j}`, 'first', 'end')};
${scores.scores(`score${j}`, `tanh${j}`)}
${scores.addBias(`score${j}`, `seen${j}`, (i) => `biasAt[${i}] + key${j}`)}
    ${putWeights(tile, j, `select(vec4<f32>(0.0), ${gradient}, seen${j})`)}`
  })
  .join('\n')}
${accumulate(tile, of, { x: { buffer: 'k', channels }, sums: 'sum', count: 'count', at: keyAt })}
  }
${storeSums(tile, of, {
  sums: 'sum',
  into: { buffer: 'dq', channels },
  value: (_, sum) => `${sum} * ${f('factor')}`,
  inside: (i) => `4 * r + ${i} < rows`,
  at: (i) => queryAt(`4 * r + ${i}`),
})}`,
      }
    },
  })
