import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import type { WgslContext, WgslText } from '../wgsl/wgsl-source.js'

/** Neighbours in a workgroup that take neighbouring columns, and parts of the depth that are summed beside each other. */
const LANES = 16
const SLICES = 8

export interface GroupedSizes {
  readonly rows: number
  readonly depth: number
  readonly columns: number
  /** Matrices. */
  readonly matrices: number
}

/** The sizes of x [N, K] and w [G, K, M], the first operands of a launch. */
export function groupedSizes({ inputs }: KernelLaunch<undefined>): GroupedSizes {
  const [x, w] = inputs as [KernelOperand, KernelOperand]
  const [matrices, depth, columns] = w.view.shape as [number, number, number]
  return { rows: x.view.shape[0] as number, depth, columns, matrices }
}

export const GROUPED_PARAMS = ['rows', 'depth', 'columns', 'matrices', 'tilesAcross'] as const

/** Whether rows of w can be read by fours. */
export const byFours = ({ columns }: GroupedSizes): boolean => columns % 4 === 0

/** Columns of a workgroup. */
const widthOf = (fours: boolean): number => LANES * (fours ? 4 : 1)

const rowTilesAcross = (sizes: GroupedSizes): number => Math.ceil(sizes.columns / widthOf(byFours(sizes)))

/** A launch by rows: all of it but its buffers and its text. */
export const groupedRows = {
  variant: (launch: KernelLaunch<undefined>): string => (byFours(groupedSizes(launch)) ? 'fours' : ''),
  paramNames: GROUPED_PARAMS,
  params(launch: KernelLaunch<undefined>): number[] {
    const sizes = groupedSizes(launch)
    return [sizes.rows, sizes.depth, sizes.columns, sizes.matrices, rowTilesAcross(sizes)]
  },
  groups(launch: KernelLaunch<undefined>): number {
    const sizes = groupedSizes(launch)
    return sizes.rows * rowTilesAcross(sizes)
  },
  vectors: (launch: KernelLaunch<undefined>) => (byFours(groupedSizes(launch)) ? (['w'] as const) : []),
}

export interface RowMatrix {
  /** Statements that declare `matrix` (i32), that of `row`: below 0 for none. */
  readonly findMatrix: string
  /** An f32 expression: what rows without a matrix give. */
  readonly missing: string
}

/**
 * A row of x times a matrix [K, M] of w that it names. A workgroup takes the columns side by side, so that it reads rows of
 * the matrix as they lie in memory, and slices of K, whose sums are added in order. The naive version is
 * `row-times-matrix.ts`.
 */
export function rowTimesMatrixText(
  { p, load, load4, store, variant }: WgslContext<(typeof GROUPED_PARAMS)[number], 'x' | 'w' | 'y'>,
  { findMatrix, missing }: RowMatrix,
): WgslText {
  const fours = variant === 'fours'
  const type = fours ? 'vec4<f32>' : 'f32'
  const lanes = fours ? [0, 1, 2, 3] : [0]
  const value = (i: number): string => (fours ? `total[${i}]` : 'total')
  return {
    workgroupSize: LANES * SLICES,
    declarations: `var<workgroup> parts: array<${type}, ${LANES * SLICES}>;\n`,
    body: `  let row = group / ${p('tilesAcross')};
  let column = (group % ${p('tilesAcross')}) * ${widthOf(fours)} + (lid % ${LANES}) * ${lanes.length};
${findMatrix}
  var sum = ${type}(0.0);
  if (matrix >= 0 && column < ${p('columns')}) {
    let start = matrix * ${p('depth')} * ${p('columns')} + column;
    for (var d = lid / ${LANES}; d < ${p('depth')}; d += ${SLICES}) {
      let left = ${load('x', `row * ${p('depth')} + d`)};
      sum = fma(${type}(left), ${(fours ? load4 : load)('w', `start + d * ${p('columns')}`)}, sum);
    }
  }
  parts[lid] = sum;
  workgroupBarrier();
  if (lid < ${LANES} && column < ${p('columns')}) {
    var total = parts[lid];
    for (var slice = 1; slice < ${SLICES}; slice++) { total += parts[lid + slice * ${LANES}]; }
    if (matrix < 0) { total = ${type}(${missing}); }
    ${lanes.map((i) => store('y', `row * ${p('columns')} + column + ${i}`, value(i))).join('\n    ')}
  }`,
  }
}
