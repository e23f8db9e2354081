import { defineWgsl } from '../wgsl/wgsl-source.js'
import { byFours, GROUPED_PARAMS, groupedSizes, rowTilesAcross, rowTimesMatrixText } from './row-times-matrix.wgsl.js'

/** An index outside of the matrices gives NaN, as `take` does. The naive version is `gather-matmul.kernel.ts`. */
export default defineWgsl<undefined>({
  variant: (launch) => (byFours(groupedSizes(launch)) ? 'fours' : ''),
  paramNames: GROUPED_PARAMS,
  params(launch) {
    const sizes = groupedSizes(launch)
    return [sizes.rows, sizes.depth, sizes.columns, sizes.matrices, rowTilesAcross(sizes)]
  },
  groups(launch) {
    const sizes = groupedSizes(launch)
    return sizes.rows * rowTilesAcross(sizes)
  },
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'w', access: 'read' },
    { name: 'indices', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  vectors: (launch) => (byFours(groupedSizes(launch)) ? ['w'] : []),
  text: (context) =>
    rowTimesMatrixText(context, {
      fours: context.variant === 'fours',
      findMatrix: `  let index = ${context.load('indices', 'row')};
  let matrix = select(-1, index, index < ${context.p('matrices')});`,
      missing: 'from_bits(0x7fc00000u)',
    }),
})
