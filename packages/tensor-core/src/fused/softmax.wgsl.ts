import { rowsWgsl } from './rows-wgsl.js'
import { softmaxSums } from './softmax-sums.js'

/** A total below it comes from a masked row only: any other row holds e^0 = 1. */
const SMALLEST = '1e-37'

/** A row in two walks: the largest element and the sum of powers; the quotients. The naive version is `softmax.kernel.ts`. */
const kernel = rowsWgsl({
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  along: ['x', 'y'],
  text(row) {
    const sums = softmaxSums(row, 'x', { finite: false })
    return {
      declarations: sums.declarations,
      body: `${sums.statements}
  let scale = 1.0 / f_max(total, ${SMALLEST});
${row.each(row.store('y', 'base + column', `power(${row.load('x', 'base + column')} - peak) * scale`))}`,
    }
  },
})

export default kernel
