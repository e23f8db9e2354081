import { defineWgsl } from '@almanac/tensor-core/wgsl'
import { gradientLaunch } from './gradient-launch.js'
import { groupWord, RECORD_ROWS, recordWord } from './row-records.wgsl.js'
import { beginTile } from './tile-launch.js'
import {
  accumulate,
  COLUMNS,
  columnsOf,
  declareSide,
  declareSums,
  invocationsOf,
  product,
  putWeights,
  storeSums,
  tileMemory,
  tileOfVariant,
  tokenFunctions,
  WEIGHT,
} from './workgroup-tile.js'

/**
 * dv = sum_t w dy and dk = scale sum_t g q, with w and g as in `queryGradients`: a workgroup a tile of keys, which walks those
 * rows of all heads of the group that may see one of them. No other adds to its results.
 */
export const keyGradients = defineWgsl({
  // Two results of 128 channels in eight lanes would take more registers than an invocation has.
  ...gradientLaunch(['dk', 'dv'], 'keys', ({ width }) => (width === 128 ? 16 : 8)),
  text({ p, f, load, load4, store, variant }) {
    const { tile, fours } = tileOfVariant(variant)
    const context = { p, load4, fours }
    const records = { p, load }
    const columns = columnsOf(tile)
    const queryAt = (row: string): string => `query_at(batch, kvHead, row0 + ${row})`
    const results = (name: 'dk' | 'dv', factor: string): string =>
      storeSums(tile, context, {
        sums: name,
        value: (_, sum) => `${sum}${factor}`,
        inside: (i) => `4 * r + ${i} < count`,
        at: (i) => `key_at(batch, kvHead, key0 + 4 * r + ${i})`,
        store: (at, value) => store(name, at, value),
      })
    return {
      workgroupSize: invocationsOf(tile),
      declarations: `${tileMemory(tile)}${WEIGHT}${tokenFunctions(context)}`,
      body: `${beginTile(tile, context)}
  let key0 = tile * ${tile.rows};
  let count = min(${tile.rows}, ${p('keys')} - key0);
  let keys = vec4<i32>(key0 + 4 * r) + vec4<i32>(0, 1, 2, 3);
${declareSide(tile, context, {
  name: 'a',
  at: (row) => `key_at(batch, kvHead, key0 + ${row})`,
  inside: (row) => `${row} < count`,
})}
${declareSums(tile, 'dk')}
${declareSums(tile, 'dv')}
  for (var row0 = 0; row0 < ${p('rows')}; row0 += ${COLUMNS}) {
    let earliest = ${groupWord(records, 'head', `row0 / ${RECORD_ROWS}`, 0)};
    let latest = ${groupWord(records, 'head', `row0 / ${RECORD_ROWS}`, 1)};
    if (earliest >= key0 + count || latest <= key0) { continue; }
    let rows = min(${COLUMNS}, ${p('rows')} - row0);
${declareSide(tile, context, { name: 'b', at: queryAt, inside: (row) => `${row} < rows` })}
${product(tile, context, { a: 'k', b: 'q', into: 'score' })}
${product(tile, context, { a: 'v', b: 'dy', into: 'change' })}
${columns
  .map((j) => {
    const word = (which: number): string => recordWord(records, 'head', `row0 + c + ${tile.lanes * j}`, which)
    return `    let seen${j} = (keys >= vec4<i32>(${word(2)})) & (keys < vec4<i32>(${word(3)}));
    let w${j} = select(vec4<f32>(0.0), weight(score${j} * ${f('scale')} - bitcast<f32>(${word(0)})), seen${j});
    let g${j} = select(vec4<f32>(0.0), w${j} * (change${j} - bitcast<f32>(${word(1)})), seen${j});
    ${putWeights(tile, j, `w${j}`)}`
  })
  .join('\n')}
${accumulate(tile, context, { x: 'dy', sums: 'dv', count: 'rows', at: queryAt })}
${columns.map((j) => `    ${putWeights(tile, j, `g${j}`)}`).join('\n')}
${accumulate(tile, context, { x: 'q', sums: 'dk', count: 'rows', at: queryAt })}
  }
${results('dv', '')}
${results('dk', ` * ${f('factor')}`)}`,
    }
  },
})
