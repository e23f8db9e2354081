import type { BlockFormat, BlockWgsl } from '../formats/define-format.js'
import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import { blockDecoder } from '../wgsl/block-decoder.js'
import { reduceWorkgroup } from '../wgsl/reduce-workgroup.js'
import { type PanelReader, tileProduct } from '../wgsl/tile-product.js'
import { LARGE_TILE, SMALL_TILE, type TileShape, tileName, tileShapeFor, tilesOf } from '../wgsl/tile-shape.js'
import { defineWgsl } from '../wgsl/wgsl-source.js'
import naive from './block-matmul.kernel.js'
import type { GpuKernelSource } from './fused-definition.js'

type Launch = KernelLaunch<undefined>
type GpuFormat = BlockFormat & { readonly wgsl: BlockWgsl }

/** Up to so many rows of x the memory sets the pace: w is read once. */
const MOST_ROWS = 4
/** Rows of w of a workgroup: x is read once for all of them. As many as a vector has lanes, for the sums. */
const COLUMNS = 4
const INVOCATIONS = 64

const formatOf = ({ inputs }: Launch): BlockFormat => (inputs[1] as KernelOperand).dtype as BlockFormat

interface Sizes {
  readonly rows: number
  readonly depth: number
  readonly columns: number
}

function sizesOf({ inputs }: Launch): Sizes {
  const [x, w] = inputs as [KernelOperand, KernelOperand]
  const [columns, depth] = w.view.shape as [number, number]
  return { rows: depth === 0 ? 0 : sizeOf(x.view.shape) / depth, depth, columns }
}

/** Whether the format says how to decode it in WGSL, and there is something to sum. */
const decodes = (launch: Launch): boolean => formatOf(launch).wgsl !== undefined && sizesOf(launch).depth > 0

const BUFFERS = [
  { name: 'x', access: 'read' },
  { name: 'w', access: 'read' },
  { name: 'y', access: 'write' },
] as const

/** One of the operands' dtypes, which `decodes` has let through. */
const gpuFormat = (inputs: readonly { readonly dtype: unknown }[]): GpuFormat => inputs[1]?.dtype as GpuFormat

/**
 * One to four rows of x: a workgroup four rows of w, which its invocations walk by fours of values in turns and sum up
 * together. Neighbours decode neighbouring bytes, so each byte of w is fetched from memory once.
 */
const fewRows = defineWgsl<undefined>({
  applies: (launch) => decodes(launch) && sizesOf(launch).rows <= MOST_ROWS,
  variant: (launch) => `${sizesOf(launch).rows} rows`,
  paramNames: ['depth', 'columns', 'rowBytes'],
  params(launch) {
    const { depth, columns } = sizesOf(launch)
    const { blockSize, bytesPerBlock } = formatOf(launch)
    return [depth, columns, (depth / blockSize) * bytesPerBlock]
  },
  groups: (launch) => Math.ceil(sizesOf(launch).columns / COLUMNS),
  buffers: BUFFERS,
  vectors: () => ['x'],
  text(context) {
    const { p, load4, store, gpu, variant, inputs } = context
    const format = gpuFormat(inputs)
    const decoder = blockDecoder(format, 'w', context)
    const rows = [...Array(Number.parseInt(variant, 10)).keys()]
    const columns = [...Array(COLUMNS).keys()]
    const sum = reduceWorkgroup('sum', INVOCATIONS, gpu, { type: 'vec4<f32>' })
    const dots = columns.map((c) => `dot(left, w${c})`).join(', ')
    const foursPerBlock = format.blockSize / 4
    return {
      workgroupSize: INVOCATIONS,
      usesSubgroups: gpu.subgroups,
      declarations: decoder.declarations + sum.declarations,
      // Rows behind the last one are the last one again, and not stored.
      body: `  let column0 = group * ${COLUMNS};
${columns.map((c) => `  let from${c} = min(column0 + ${c}, ${p('columns')} - 1) * ${p('rowBytes')};`).join('\n')}
${rows.map((row) => `  var sum${row} = vec4<f32>(0.0);`).join('\n')}
  for (var e = lid; e < ${p('depth')} / 4; e += ${INVOCATIONS}) {
    let block = (e / ${foursPerBlock}) * ${format.bytesPerBlock};
    let i = e % ${foursPerBlock};
    ${columns.map((c) => `let w${c} = ${decoder.four(`from${c} + block`, 'i')};`).join('\n    ')}
    ${rows
      .map((row) => {
        const left = load4('x', `${row} * ${p('depth')} + 4 * e`)
        return `{ let left = ${left}; sum${row} += vec4<f32>(${dots}); }`
      })
      .join('\n    ')}
  }
${rows.map((row) => sum.statements(`sum${row}`, `total${row}`)).join('\n')}
  if (lid < ${COLUMNS} && column0 + lid < ${p('columns')}) {
    ${rows.map((row) => store('y', `${row} * ${p('columns')} + column0 + lid`, `total${row}[lid]`)).join('\n    ')}
  }`,
    }
  },
})

/** More rows: a tiled product whose panels of w are decoded as they are put into workgroup memory. */
const manyRows = (shape: TileShape): GpuKernelSource<undefined> =>
  defineWgsl<undefined>({
    applies(launch) {
      const { rows, columns } = sizesOf(launch)
      return decodes(launch) && rows > MOST_ROWS && tileShapeFor(1, rows, columns) === shape
    },
    variant: () => tileName(shape),
    paramNames: ['rows', 'depth', 'columns', 'rowBytes', 'tilesAcross'],
    params(launch) {
      const { rows, depth, columns } = sizesOf(launch)
      const { blockSize, bytesPerBlock } = formatOf(launch)
      return [rows, depth, columns, (depth / blockSize) * bytesPerBlock, tilesOf(columns, shape.columns)]
    },
    groups(launch) {
      const { rows, columns } = sizesOf(launch)
      return tilesOf(rows, shape.rows) * tilesOf(columns, shape.columns)
    },
    buffers: BUFFERS,
    vectors: () => ['x'],
    text(context) {
      const { p, load4, store, inputs } = context
      const format = gpuFormat(inputs)
      const { blockSize, bytesPerBlock } = format
      const decoder = blockDecoder(format, 'w', context)
      const a: PanelReader = {
        along: 'depth',
        run: 4,
        read: (step, row) => load4('x', `${row} * ${p('depth')} + ${step}`),
      }
      const b: PanelReader = {
        along: 'depth',
        run: 4,
        read: (step, column) =>
          decoder.four(
            `${column} * ${p('rowBytes')} + (${step} / ${blockSize}) * ${bytesPerBlock}`,
            `(${step} % ${blockSize}) / 4`,
          ),
      }
      const product = tileProduct({
        shape,
        a,
        b,
        rowEnd: p('rows'),
        columnEnd: p('columns'),
        depth: p('depth'),
        store: (row, column, value) => store('y', `${row} * ${p('columns')} + ${column}`, value),
      })
      return {
        ...product,
        declarations: decoder.declarations + product.declarations,
        body: `  let row0 = (group / ${p('tilesAcross')}) * ${shape.rows};
  let column0 = (group % ${p('tilesAcross')}) * ${shape.columns};
${product.body}`,
      }
    },
  })

/** The naive version, `block-matmul.kernel.ts`, takes formats that say nothing of WGSL. */
export default [
  fewRows,
  manyRows(SMALL_TILE),
  manyRows(LARGE_TILE),
  { ...naive, applies: (launch: Launch) => !decodes(launch) },
] satisfies GpuKernelSource<undefined>[]
