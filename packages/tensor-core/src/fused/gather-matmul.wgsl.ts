import { defineWgsl } from '../wgsl/wgsl-source.js'
import { groupedRows, rowTimesMatrixText } from './row-times-matrix.wgsl.js'

/** An index outside of the matrices gives NaN, as `take` does. The naive version is `gather-matmul.kernel.ts`. */
export default defineWgsl<undefined>({
  ...groupedRows,
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'w', access: 'read' },
    { name: 'indices', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  text: (context) =>
    rowTimesMatrixText(context, {
      findMatrix: `  let index = ${context.load('indices', 'row')};
  let matrix = select(-1, index, index < ${context.p('matrices')});`,
      missing: 'from_bits(0x7fc00000u)',
    }),
})
