import { rowsWgsl } from './rows-wgsl.js'
import { softmaxSums } from './softmax-sums.js'

/** The naive version is `log-softmax.kernel.ts`. */
const kernel = rowsWgsl({
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  along: ['x', 'y'],
  text(row) {
    const sums = softmaxSums(row, 'x', { finite: true })
    return {
      declarations: sums.declarations,
      body: `${sums.statements}
  let lse = f_log(total) + peak;
${row.each(row.store('y', 'base + column', `${row.load('x', 'base + column')} - lse`))}`,
    }
  },
})

export default kernel
