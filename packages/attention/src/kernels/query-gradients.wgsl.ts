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
  FOUR_ROWS,
  invocationsOf,
  product,
  putWeights,
  storeSums,
  tileMemory,
  tileOfVariant,
  tokenFunctions,
  WEIGHT,
} from './workgroup-tile.js'

/** dq = scale sum_s g k with g = w (dy . v - delta) and w = e^(score - lse): a workgroup a tile of a kv head's rows. */
export const queryGradients = defineWgsl({
  ...gradientLaunch(['dq'], 'rows'),
  text({ p, f, load, load4, store, variant }) {
    const { tile, fours } = tileOfVariant(variant)
    const context = { p, load4, fours }
    const records = { p, load }
    const groups = tile.rows / RECORD_ROWS
    const ofGroup = (word: number, join: string): string =>
      [...Array(groups).keys()]
        .map((i) => groupWord(records, 'head', `row0 / ${RECORD_ROWS} + ${i}`, word))
        .reduce((a, b) => `${join}(${a}, ${b})`)
    return {
      workgroupSize: invocationsOf(tile),
      declarations: `${tileMemory(tile)}${WEIGHT}${tokenFunctions(context)}`,
      body: `${beginTile(tile, context)}
  let row0 = (${p('tiles')} - 1 - tile) * ${tile.rows};
  let rows = min(${tile.rows}, ${p('rows')} - row0);
  let keyBegin = ${ofGroup(0, 'min')};
  let keyEnd = ${ofGroup(1, 'max')};
  var lse = vec4<f32>(0.0);
  var delta = vec4<f32>(0.0);
  var first = vec4<i32>(0);
  var end = vec4<i32>(0);
${FOUR_ROWS.map((i) => {
  const word = (which: number): string => recordWord(records, 'head', `row0 + 4 * r + ${i}`, which)
  return `  lse[${i}] = bitcast<f32>(${word(0)});
  delta[${i}] = bitcast<f32>(${word(1)});
  first[${i}] = ${word(2)};
  end[${i}] = ${word(3)};`
}).join('\n')}
${declareSide(tile, context, {
  name: 'a',
  at: (row) => `query_at(batch, kvHead, row0 + ${row})`,
  inside: (row) => `${row} < rows`,
})}
${declareSums(tile, 'sum')}
  for (var key0 = keyBegin; key0 < keyEnd; key0 += ${COLUMNS}) {
    let count = min(${COLUMNS}, keyEnd - key0);
${declareSide(tile, context, {
  name: 'b',
  at: (row) => `key_at(batch, kvHead, key0 + ${row})`,
  inside: (row) => `${row} < count`,
})}
${product(tile, context, { a: 'q', b: 'k', into: 'score' })}
${product(tile, context, { a: 'dy', b: 'v', into: 'change' })}
${columnsOf(tile)
  .map((j) => {
    const key = `vec4<i32>(key0 + c + ${tile.lanes * j})`
    const gradient = `weight(score${j} * ${f('scale')} - lse) * (change${j} - delta)`
    return `    let seen${j} = (${key} >= first) & (${key} < end);
    ${putWeights(tile, j, `select(vec4<f32>(0.0), ${gradient}, seen${j})`)}`
  })
  .join('\n')}
${accumulate(tile, context, {
  x: 'k',
  sums: 'sum',
  count: 'count',
  at: (column) => `key_at(batch, kvHead, key0 + ${column})`,
})}
  }
${storeSums(tile, context, {
  sums: 'sum',
  value: (_, sum) => `${sum} * ${f('factor')}`,
  inside: (i) => `4 * r + ${i} < rows`,
  at: (i) => `query_at(batch, kvHead, row0 + 4 * r + ${i})`,
  store: (at, value) => store('dq', at, value),
})}`,
    }
  },
})
