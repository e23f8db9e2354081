import type { MatmulOperand } from '../../../codegen/matmul-problem.js'
import { defineWgsl, type WgslSource } from '../../../wgsl/wgsl-source.js'
import { batchBases, batchesOf, type MatmulLaunch } from './matmul-launch.js'
import { type TileShape, tileName } from './tile-shape.js'

/** Elements more than a row of a tile holds, so that what neighbours write falls into different banks. */
const PAD = 1

/** Along which axis neighbouring invocations read a panel: the one along which it lies in memory. */
type Along = 'depth' | 'side'

const alongOf = (depthStride: number, sideStride: number): Along =>
  Math.abs(depthStride) === 1 || Math.abs(sideStride) !== 1 ? 'depth' : 'side'

/** Whether the panel can be read four elements at a time. */
function byFours(
  operand: MatmulOperand,
  along: Along,
  strides: { depth: number; side: number },
  extents: { depth: number; side: number },
): boolean {
  const other = along === 'depth' ? 'side' : 'depth'
  return (
    strides[along] === 1 &&
    [operand.offset, strides[other], extents[along], ...operand.batch].every((stride) => stride % 4 === 0)
  )
}

/**
 * C = A B by tiles that a workgroup shares: each element of a panel is read from memory once a workgroup. Sums run along K in
 * order, in float32. Any strides; the variant says along which axis each panel lies in memory and whether by fours.
 * The naive version is the kernel of `ops/matmul.ts`.
 */
export function tiledMatmul(launch: MatmulLaunch, shape: TileShape): WgslSource {
  const { problem } = launch
  const { m, n, k, a, b } = problem
  const { rows, columns, depth, high, wide } = shape
  const invocations = (rows / high) * (columns / wide)
  const panels = {
    a: { along: alongOf(a.column, a.row), strides: { depth: a.column, side: a.row }, side: rows, extent: m },
    b: { along: alongOf(b.row, b.column), strides: { depth: b.row, side: b.column }, side: columns, extent: n },
  }
  const fours = (['a', 'b'] as const).filter((name) => {
    const { along, strides, extent } = panels[name]
    return byFours(name === 'a' ? a : b, along, strides, { depth: k, side: extent })
  })
  const [tilesDown, tilesAcross] = [Math.ceil(m / rows), Math.ceil(n / columns)]
  const variant = `${tileName(shape)}|${panels.a.along}|${panels.b.along}|${fours}|${launch.epilogueKey}`
  return defineWgsl({
    variant: () => variant,
    paramNames: [...launch.paramNames, 'tilesDown', 'tilesAcross'],
    params: () => [...launch.params, tilesDown, tilesAcross],
    groups: () => batchesOf(problem) * tilesDown * tilesAcross,
    buffers: launch.buffers,
    vectors: () => fours,
    functions: launch.functions,
    text({ p, load, load4, store, call }) {
      const width = { a: rows + PAD, b: columns + PAD }
      /** Fills a panel's tile for the steps from k0 on; zeros outside the matrix. */
      const fill = (
        name: 'a' | 'b',
        row0: string,
        extent: string,
        strides: { depth: string; side: string },
      ): string => {
        const { along, side } = panels[name]
        const wideLoad = fours.includes(name)
        const run = wideLoad ? 4 : 1
        const inner = along === 'depth' ? depth : side
        const count = (depth * side) / run
        const lines: string[] = []
        for (let first = 0; first < count; first += invocations) {
          const guard = first + invocations > count ? `if (lid + ${first} < ${count}) ` : ''
          const [d, s] = along === 'depth' ? ['lo', 'hi'] : ['hi', 'lo']
          const at = `${name}Base + (${row0} + s) * ${strides.side} + (k0 + d) * ${strides.depth}`
          const place = (i: number): string =>
            along === 'depth' ? `(d + ${i}) * ${width[name]} + s` : `d * ${width[name]} + s + ${i}`
          const read = wideLoad
            ? `let v = select(vec4<f32>(0.0), ${load4(name, at)}, inside);\n        ${[0, 1, 2, 3].map((i) => `${name}Tile[${place(i)}] = v[${i}];`).join(' ')}`
            : `${name}Tile[${place(0)}] = select(0.0, ${load(name, at)}, inside);`
          lines.push(`      ${guard}{
        let e = (lid + ${first}) * ${run};
        let lo = e % ${inner};
        let hi = e / ${inner};
        let d = ${d};
        let s = ${s};
        let inside = k0 + d < ${p('k')} && ${row0} + s < ${extent};
        ${read}
      }`)
        }
        return lines.join('\n')
      }
      const sums = Array.from({ length: high }, (_, i) => Array.from({ length: wide / 4 }, (_, j) => `sum${i}_${j}`))
      const multiply = [
        ...Array.from({ length: wide / 4 }, (_, j) => {
          const at = `d * ${width.b} + tileColumn + ${4 * j}`
          return `let right${j} = vec4<f32>(${[0, 1, 2, 3].map((i) => `bTile[${at} + ${i}]`).join(', ')});`
        }),
        ...sums.flatMap((row, i) => [
          `let left${i} = aTile[d * ${width.a} + tileRow + ${i}];`,
          ...row.map((sum, j) => `${sum} = fma(vec4<f32>(left${i}), right${j}, ${sum});`),
        ]),
      ]
      const write = sums.flatMap((row, i) =>
        row.flatMap((sum, j) =>
          [0, 1, 2, 3].map((lane) => {
            const [r, c] = [`row0 + tileRow + ${i}`, `column0 + tileColumn + ${4 * j + lane}`]
            const value = `${sum}[${lane}]`
            const at = `cBase + (${r}) * ${p('cRow')} + ${c}`
            const result = launch.epilogueKey ? `${call('finish')}(${value}, at, ${c})` : value
            return `if (${r} < ${p('m')} && ${c} < ${p('n')}) { let at = ${at}; ${store('y', 'at', result)} }`
          }),
        ),
      )
      return {
        workgroupSize: invocations,
        declarations: `var<workgroup> aTile: array<f32, ${depth * width.a}>;
var<workgroup> bTile: array<f32, ${depth * width.b}>;
`,
        body: `  let tile = group % (${p('tilesDown')} * ${p('tilesAcross')});
  let row0 = (tile / ${p('tilesAcross')}) * ${rows};
  let column0 = (tile % ${p('tilesAcross')}) * ${columns};${batchBases(p, `group / (${p('tilesDown')} * ${p('tilesAcross')})`)}
  let tileRow = (lid / ${columns / wide}) * ${high};
  let tileColumn = (lid % ${columns / wide}) * ${wide};
${sums
  .flat()
  .map((sum) => `  var ${sum} = vec4<f32>(0.0);`)
  .join('\n')}
  for (var k0 = 0; k0 < ${p('k')}; k0 += ${depth}) {
${fill('a', 'row0', p('m'), { depth: p('aColumn'), side: p('aRow') })}
${fill('b', 'column0', p('n'), { depth: p('bRow'), side: p('bColumn') })}
    workgroupBarrier();
    for (var d = 0; d < ${depth}; d++) {
      ${multiply.join('\n      ')}
    }
    workgroupBarrier();
  }
  ${write.join('\n  ')}`,
      }
    },
  })
}
