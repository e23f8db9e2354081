import type { KernelLaunch } from '../ops/op-record.js'
import { type PanelReader, tileProduct } from '../wgsl/tile-product.js'
import { LARGE_TILE, SMALL_TILE, type TileShape, tileName, tileShapeFor, tilesOf } from '../wgsl/tile-shape.js'
import { defineWgsl } from '../wgsl/wgsl-source.js'
import type { GpuKernelSource } from './fused-definition.js'
import {
  GROUPED_PARAMS,
  type GroupedSizes,
  groupedRows,
  groupedSizes,
  rowTimesMatrixText,
} from './row-times-matrix.wgsl.js'

type Launch = KernelLaunch<undefined>

/** Up to so many rows a matrix, on average, a tile would be mostly empty: then each row reads its matrix itself. */
const FEW_ROWS = 2

const takesRows = ({ rows, matrices }: GroupedSizes): boolean => rows <= FEW_ROWS * matrices

const BUFFERS = [
  { name: 'x', access: 'read' },
  { name: 'w', access: 'read' },
  { name: 'offsets', access: 'read' },
  { name: 'y', access: 'write' },
] as const

const byRows = defineWgsl<undefined>({
  applies: (launch) => takesRows(groupedSizes(launch)),
  ...groupedRows,
  buffers: BUFFERS,
  text(context) {
    const { p, load } = context
    return rowTimesMatrixText(context, {
      findMatrix: `  var matrix = -1;
  for (var g = 0; g < ${p('matrices')}; g++) {
    if (${load('offsets', 'g')} <= row && row < ${load('offsets', 'g + 1')}) { matrix = g; }
  }`,
      missing: '0.0',
    })
  },
})

/** The tile of rows for which an average segment is one product. */
const shapeOf = ({ rows, columns, matrices }: GroupedSizes): TileShape =>
  tileShapeFor(matrices, Math.ceil(rows / Math.max(1, matrices)), columns)

/** Steps and columns of which fours are whole, x's and w's. */
const foursOf = ({ depth, columns }: GroupedSizes): ('x' | 'w')[] => [
  ...(depth % 4 === 0 ? (['x'] as const) : []),
  ...(columns % 4 === 0 ? (['w'] as const) : []),
]

/**
 * Tiles whose rows are of one segment. Where segments end is only known on the GPU: there are as many workgroups as tiles
 * could be needed, each walks the offsets to find which it is, and those that are left over end. What lies before the first
 * and behind the last segment counts as two more, whose depth is 0.
 */
const byTiles = (shape: TileShape): GpuKernelSource<undefined> =>
  defineWgsl<undefined>({
    applies(launch: Launch) {
      const sizes = groupedSizes(launch)
      return !takesRows(sizes) && shapeOf(sizes) === shape
    },
    variant: (launch) => `${tileName(shape)}|${foursOf(groupedSizes(launch))}`,
    paramNames: GROUPED_PARAMS,
    params(launch) {
      const { rows, depth, columns, matrices } = groupedSizes(launch)
      return [rows, depth, columns, matrices, tilesOf(columns, shape.columns)]
    },
    groups(launch) {
      const { rows, columns, matrices } = groupedSizes(launch)
      return (Math.floor(rows / shape.rows) + matrices + 2) * tilesOf(columns, shape.columns)
    },
    buffers: BUFFERS,
    vectors: (launch) => foursOf(groupedSizes(launch)),
    text({ p, load, load4, store, variant }) {
      const fours = (variant.split('|')[1] as string).split(',')
      const a: PanelReader = {
        along: 'depth',
        run: fours.includes('x') ? 4 : 1,
        read: (step, row) => (fours.includes('x') ? load4 : load)('x', `${row} * ${p('depth')} + ${step}`),
      }
      const b: PanelReader = {
        along: 'side',
        run: fours.includes('w') ? 4 : 1,
        read: (step, column) =>
          (fours.includes('w') ? load4 : load)('w', `start + ${step} * ${p('columns')} + ${column}`),
      }
      const product = tileProduct({
        shape,
        a,
        b,
        rowEnd: 'rowEnd',
        columnEnd: p('columns'),
        depth: 'steps',
        store: (row, column, value) => store('y', `${row} * ${p('columns')} + ${column}`, value),
      })
      return {
        ...product,
        body: `  let column0 = (group % ${p('tilesAcross')}) * ${shape.columns};
  var tile = group / ${p('tilesAcross')};
  var row0 = 0;
  var rowEnd = 0;
  var matrix = -1;
  var found = false;
  for (; matrix <= ${p('matrices')}; matrix++) {
    row0 = rowEnd;
    if (matrix == ${p('matrices')}) { rowEnd = ${p('rows')}; }
    else { rowEnd = clamp(${load('offsets', '(matrix + 1)')}, row0, ${p('rows')}); }
    let tiles = (rowEnd - row0 + ${shape.rows - 1}) / ${shape.rows};
    if (tile < tiles) { found = true; break; }
    tile -= tiles;
  }
  if (!found) { return; }
  row0 += tile * ${shape.rows};
  let steps = select(0, ${p('depth')}, matrix >= 0 && matrix < ${p('matrices')});
  let start = matrix * ${p('depth')} * ${p('columns')};
${product.body}`,
      }
    },
  })

/** The naive version is `segmented-matmul.kernel.ts`. */
export default [byRows, byTiles(SMALL_TILE), byTiles(LARGE_TILE)] satisfies GpuKernelSource<undefined>[]
