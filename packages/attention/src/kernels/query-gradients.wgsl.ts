import { floatBits, type KernelLaunch } from '@almanac/tensor-core'
import { defineWgsl } from '@almanac/tensor-core/wgsl'
import type { AttentionAttributes } from './attention-launch.js'
import { GPU_PARAMS, type GpuLaunch, gpuLaunch, gpuParams, tileRows } from './gpu-launch.js'
import { groupWord, RECORD_PARAMS, RECORD_ROWS, recordBytes, recordParams, recordWord } from './row-records.wgsl.js'
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
  tileVariant,
  tokenFunctions,
  WEIGHT,
  type WorkgroupTile,
} from './workgroup-tile.js'

const tileOf = (launch: GpuLaunch): WorkgroupTile => ({
  rows: tileRows(launch, launch.rows),
  lanes: 8,
  width: launch.width,
})
const tilesOf = (launch: GpuLaunch): number => Math.ceil(launch.rows / tileOf(launch).rows)

/** dq = scale sum_s g k with g = w (dy . v - delta) and w = e^(score - lse): a workgroup a tile of a kv head's rows. */
export const queryGradients = defineWgsl({
  variant(launch: KernelLaunch<AttentionAttributes>) {
    const seen = gpuLaunch(launch)
    return tileVariant(tileOf(seen), seen.fours)
  },
  paramNames: [...GPU_PARAMS, ...RECORD_PARAMS, 'tiles', 'factor'],
  params: (launch: KernelLaunch<AttentionAttributes>) => [
    ...gpuParams(launch),
    ...recordParams(launch),
    tilesOf(gpuLaunch(launch)),
    floatBits(launch.attributes.scale),
  ],
  groups(launch: KernelLaunch<AttentionAttributes>) {
    const seen = gpuLaunch(launch)
    return seen.kvRows * seen.blocks * tilesOf(seen)
  },
  workspace: recordBytes,
  buffers: [
    { name: 'q', access: 'read' },
    { name: 'k', access: 'read' },
    { name: 'v', access: 'read' },
    { name: 'lse', access: 'read', unused: true },
    { name: 'delta', access: 'read', unused: true },
    { name: 'dy', access: 'read' },
    { name: 'starts', access: 'read', unused: true },
    { name: 'firsts', access: 'read', unused: true },
    { name: 'dq', access: 'write' },
    { name: 'dk', access: 'write', unused: true },
    { name: 'dv', access: 'write', unused: true },
    { name: 'records', access: 'read', dtype: 'int32' },
  ],
  vectors: (launch: KernelLaunch<AttentionAttributes>) => (gpuLaunch(launch).fours ? ['q', 'k', 'v', 'dy'] : []),
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
      body: `  let r = lid / ${tile.lanes};
  let c = lid % ${tile.lanes};
  let channel0 = (group % ${p('blocks')}) * ${tile.width};
  let task = group / ${p('blocks')};
  let row0 = (${p('tiles')} - 1 - task % ${p('tiles')}) * ${tile.rows};
  let head = task / ${p('tiles')};
  let batch = head / ${p('kvHeads')};
  let kvHead = head % ${p('kvHeads')};
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
