import { floatBits } from '../float-bits.js'
import { rowsWgsl } from './rows-wgsl.js'

/** The naive version is `rms-norm.kernel.ts`. */
const kernel = rowsWgsl({
  params: { eps: ({ eps }: { readonly eps: number }) => floatBits(eps) },
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'weight', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  along: ['x', 'weight', 'y'],
  text(row, { p, f }) {
    const sum = row.reduce('sum')
    const x = row.load('x', 'base + column')
    return {
      declarations: sum.declarations,
      body: `  var own = 0.0;
${row.each(`let values = ${x};
    own += ${row.total('values * values')};`)}
${sum.statements('own', 'squares')}
  let scale = 1.0 / sqrt(squares / f32(${p('columns')}) + ${f('eps')});
${row.each(row.store('y', 'base + column', `${x} * scale * ${row.load('weight', 'column')}`))}`,
    }
  },
})

export default kernel
