import { rowsWgsl } from './rows-wgsl.js'

/** The naive version is `softmax-backward.kernel.ts`. */
const kernel = rowsWgsl({
  buffers: [
    { name: 'y', access: 'read' },
    { name: 'dy', access: 'read' },
    { name: 'dx', access: 'write' },
  ],
  along: ['y', 'dy', 'dx'],
  text(row) {
    const sum = row.reduce('sum')
    const [y, dy] = [row.load('y', 'base + column'), row.load('dy', 'base + column')]
    return {
      declarations: sum.declarations,
      body: `  var own = 0.0;
${row.each(`own += ${row.total(`${dy} * ${y}`)};`)}
${sum.statements('own', 'product')}
${row.each(row.store('dx', 'base + column', `${y} * (${dy} - product)`))}`,
    }
  },
})

export default kernel
