import type { MatmulOperand } from '../../../codegen/matmul-problem.js'
import { type PanelReader, tileProduct } from '../../../wgsl/tile-product.js'
import { type TileShape, tileName, tilesOf } from '../../../wgsl/tile-shape.js'
import { defineWgsl, type WgslContext, type WgslSource } from '../../../wgsl/wgsl-source.js'
import { batchBases, batchesOf, type MatmulLaunch } from './matmul-launch.js'

interface Panel {
  readonly along: PanelReader['along']
  /** Read four elements at a time. */
  readonly fours: boolean
}

/** How an operand is read, whose sides (rows of A, columns of B) are `extent` many. */
function panelOf(
  operand: MatmulOperand,
  strides: { readonly depth: number; readonly side: number },
  extents: { readonly depth: number; readonly side: number },
): Panel {
  const along = Math.abs(strides.depth) === 1 || Math.abs(strides.side) !== 1 ? 'depth' : 'side'
  const other = along === 'depth' ? 'side' : 'depth'
  const fours =
    strides[along] === 1 &&
    [operand.offset, strides[other], extents[along], ...operand.batch].every((stride) => stride % 4 === 0)
  return { along, fours }
}

/**
 * C = A B by tiles that a workgroup shares. Any strides; the variant says along which axis each panel lies in memory and
 * whether it is read by fours. The naive version is the kernel of `ops/matmul.ts`.
 */
export function tiledMatmul(launch: MatmulLaunch, shape: TileShape): WgslSource {
  const { problem } = launch
  const { m, n, k, a, b } = problem
  const panels = {
    a: panelOf(a, { depth: a.column, side: a.row }, { depth: k, side: m }),
    b: panelOf(b, { depth: b.row, side: b.column }, { depth: k, side: n }),
  }
  const fours = (['a', 'b'] as const).filter((name) => panels[name].fours)
  const [tilesDown, tilesAcross] = [tilesOf(m, shape.rows), tilesOf(n, shape.columns)]
  const variant = `${tileName(shape)}|${panels.a.along}|${panels.b.along}|${fours}|${launch.epilogueKey}`
  const reader = (
    { load, load4 }: WgslContext,
    name: 'a' | 'b',
    strides: { readonly depth: string; readonly side: string },
  ): PanelReader => ({
    along: panels[name].along,
    run: panels[name].fours ? 4 : 1,
    read(step, side) {
      const at = `${name}Base + ${side} * ${strides.side} + ${step} * ${strides.depth}`
      return panels[name].fours ? load4(name, at) : load(name, at)
    },
  })
  return defineWgsl({
    variant: () => variant,
    paramNames: [...launch.paramNames, 'tilesDown', 'tilesAcross'],
    params: () => [...launch.params, tilesDown, tilesAcross],
    groups: () => batchesOf(problem) * tilesDown * tilesAcross,
    buffers: launch.buffers,
    vectors: () => fours,
    functions: launch.functions,
    text(context) {
      const { p, store, call } = context
      const product = tileProduct({
        shape,
        a: reader(context, 'a', { depth: p('aColumn'), side: p('aRow') }),
        b: reader(context, 'b', { depth: p('bRow'), side: p('bColumn') }),
        rowEnd: p('m'),
        columnEnd: p('n'),
        depth: p('k'),
        store(row, column, value) {
          const result = launch.epilogueKey ? `${call('finish')}(${value}, at, ${column})` : value
          return `let at = cBase + ${row} * ${p('cRow')} + ${column}; ${store('y', 'at', result)}`
        },
      })
      const tiles = `(${p('tilesDown')} * ${p('tilesAcross')})`
      return {
        ...product,
        body: `  let tile = group % ${tiles};
  let row0 = (tile / ${p('tilesAcross')}) * ${shape.rows};
  let column0 = (tile % ${p('tilesAcross')}) * ${shape.columns};${batchBases(p, `group / ${tiles}`)}
${product.body}`,
      }
    },
  })
}
